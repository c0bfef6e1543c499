"""A real browser for tests; JUSTRIGHT_BROWSER names another Chromium than the one on the path."""

import os
import shutil
from contextlib import contextmanager

import pytest

playwright = pytest.importorskip("playwright.sync_api")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = os.environ.get("JUSTRIGHT_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
needs_chromium = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


@contextmanager
def launched():
    """The browser, without a window."""
    with playwright.sync_playwright() as driver:
        # In a container the browser's own sandbox often cannot start; the pages are ours.
        one = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield one
        one.close()


def contrasts(page):
    """Of each text with the page's ground, as WCAG 2.2 reckons them."""
    return page.evaluate(
        """() => {
          const luminance = (color) => {
            const parts = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
              .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
          };
          const ground = luminance(getComputedStyle(document.body).backgroundColor);
          return [...document.querySelectorAll("p, h1, h2, dt, dd, a, td, th, .tick, figcaption")]
            .map((one) => {
              const style = getComputedStyle(one);
              const ink = luminance(one.namespaceURI.endsWith("svg") ? style.fill : style.color);
              return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
            });
        }"""
    )
