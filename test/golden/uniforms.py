"""The generator written again with Python's integers: seeds × streams × rows → 24-bit uniforms, as uniforms.json."""
import json
import pathlib

M = 0xFFFFFFFF


def mix(h):
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & M
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & M
    return h ^ (h >> 16)


def uniform(seed, stream, row, unit, pass_):
    h = mix((seed + 0x9E3779B9) & M)
    for part in (stream, row, unit, pass_):
        h = mix(h ^ part)
    return (h >> 8) / 2**24


cases = [
    [seed, stream, row, unit, pass_, uniform(seed, stream, row, unit, pass_)]
    for seed in (0, 7, M)
    for stream in (1, 2)
    for row in (0, 1, 2, 3, 1000, 2**31, M)
    for unit, pass_ in ((0, 0), (5, 19))
]
pathlib.Path(__file__).with_name("uniforms.json").write_text(json.dumps(cases))
