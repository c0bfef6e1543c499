"""Modules that PyTorch lacks, as the text that defines them."""

from __future__ import annotations

DROP_CONNECT = '''class DropConnect(nn.Linear):
    """A dense layer whose weights drop out while it trains, one mask a batch."""

    def __init__(self, inputs, outputs, rate):
        super().__init__(inputs, outputs)
        self.rate = rate

    def forward(self, x):
        weight = nn.functional.dropout(self.weight, self.rate, self.training)
        return nn.functional.linear(x, weight, self.bias)
'''
NOISY = '''class NoisyLinear(nn.Linear):
    """A dense layer whose weights are a little wrong while it trains."""

    def __init__(self, inputs, outputs, stddev):
        super().__init__(inputs, outputs)
        self.stddev = stddev

    def forward(self, x):
        noise = self.stddev * torch.randn_like(self.weight) if self.training else 0
        return nn.functional.linear(x, self.weight + noise, self.bias)
'''
NOISE = '''class GaussianNoise(nn.Module):
    """Noise of mean 0 on what passes, in training only."""

    def __init__(self, stddev):
        super().__init__()
        self.stddev = stddev

    def forward(self, x):
        return x + self.stddev * torch.randn_like(x) if self.training else x
'''
GAUSSIAN_DROPOUT = '''class GaussianDropout(nn.Module):
    """Noise of mean 1 by which units are multiplied, with the variance of dropout."""

    def __init__(self, rate):
        super().__init__()
        self.stddev = (rate / (1 - rate)) ** 0.5

    def forward(self, x):
        return x * (1 + self.stddev * torch.randn_like(x)) if self.training else x
'''
