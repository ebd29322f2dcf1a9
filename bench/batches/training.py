"""Epochs of Adam on batches of 64 rows in their order, from weights given: the mean loss of each, as its steps met it."""

import torch

BATCH = 64
RATE = 1e-3


def losses(x, labels, weight1, bias1, weight2, bias2, epochs):
    with torch.enable_grad():
        model = torch.nn.Sequential(linear(weight1, bias1), torch.nn.ReLU(), linear(weight2, bias2))
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        rows = torch.from_numpy(x).split(BATCH)
        classes = torch.from_numpy(labels).long().split(BATCH)
        values = []
        for _ in range(epochs):
            total = 0.0
            for some, own in zip(rows, classes):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(some), own)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(some)
            values.append(total / len(x))
    return {"picks": [], "values": values}


def linear(weight, bias):
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer
