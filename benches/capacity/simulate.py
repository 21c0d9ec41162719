#!/usr/bin/env python3
"""Plays the load of a country on Otklik's partitions, with skew, bursts and the loss of a node; prints the tables of docs/capacity.md.

    benches/capacity/simulate.py [--analyse N] [--group N] [--store N]     rates of one core, posts a second

Weights of regions are the people of their towns in dictionaries/places. A region's posts are in one partition, chosen as the program
does; a partition is on one consumer of each stage. The same arguments print the same tables.
"""

import argparse
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Public posts of the Russian-speaking networks in a day: Brand Analytics, October 2024.
COUNTRY_A_DAY = 58_500_000
# The busiest hour of a day against its mean.
PEAK = 2.0
BURST = 10.0
# Seconds until a lost consumer's partitions are read by others: session, rebalance, window from its snapshot.
TAKEN_OVER_AFTER = 10 + 15 + 10
SEED = 20261122


def regions():
    """People in the towns of each region."""
    people = {}
    for path in sorted((ROOT / "dictionaries" / "places").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            cells = line.split("\t")
            if line.startswith("#") or cells[0] == "id" or len(cells) < 7 or not cells[6].isdigit():
                continue
            name = cells[0].split(".")
            region = ".".join(name[:2]) if name[0] == "ru" else name[0]
            if region != "demo":
                people[region] = people.get(region, 0) + int(cells[6])
    return people


def partition_of(region, partitions):
    """`partition_of` of crates/ports/src/partitions.rs."""
    value = 0xCBF29CE484222325
    for byte in region.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value % partitions


def loads(shares, partitions, a_second, bursting=None):
    """Posts a second of each partition."""
    load = [0.0] * partitions
    for region, share in shares.items():
        load[partition_of(region, partitions)] += a_second * share * (BURST if region == bursting else 1.0)
    return load


def spread(load, consumers):
    """Partitions of each consumer, as many for each: what the group's assignor aims at, whatever is in them."""
    order = list(range(len(load)))
    random.Random(SEED).shuffle(order)
    return [order[number::consumers] for number in range(consumers)]


def play(load, consumers, rate, minutes, lost=None):
    """Longest wait of a post in seconds, and the seconds until everybody has caught up; None when they never do."""
    owners = spread(load, consumers)
    waiting = [0.0] * len(load)
    longest, late_until = 0.0, 0
    for second in range(minutes * 60):
        if lost is not None and second == TAKEN_OVER_AFTER:
            orphans, owners[lost] = owners[lost], []
            rest = [number for number in range(consumers) if number != lost]
            for turn, partition in enumerate(orphans):
                owners[rest[turn % len(rest)]].append(partition)
        for number, own in enumerate(owners):
            for partition in own:
                waiting[partition] += load[partition]
            if lost == number and second < TAKEN_OVER_AFTER:
                continue
            together = sum(waiting[partition] for partition in own)
            done = min(1.0, rate / together) if together else 1.0
            for partition in own:
                waiting[partition] *= 1.0 - done
        worst = max(waiting[partition] / load[partition] if load[partition] else 0.0 for partition in range(len(load)))
        longest = max(longest, worst)
        if worst > 1.0:
            late_until = second + 1
    return longest, None if late_until == minutes * 60 else late_until


def needed(load, rate):
    """The least consumers of which none is over its rate, and the load of the busiest; None when one partition alone is."""
    for consumers in range(1, len(load) + 1):
        busiest = max(sum(load[partition] for partition in own) for own in spread(load, consumers))
        if busiest <= rate:
            return consumers, busiest
    return None, max(load)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for stage, usual in (("analyse", 7000), ("group", 7000), ("store", 5000)):
        parser.add_argument(f"--{stage}", type=float, default=usual, help="posts a second of one core")
    rates = vars(parser.parse_args())
    people = regions()
    total = sum(people.values())
    shares = {region: count / total for region, count in people.items()}
    largest = max(shares, key=shares.get)
    mean = COUNTRY_A_DAY / 86_400
    peak = mean * PEAK
    print(f"{len(shares)} regions; the largest, {largest}, has {shares[largest]:.1%} of the people")
    print(f"country: {mean:.0f} posts/s in the mean, {peak:.0f} in the busiest hour; {peak * BURST:.0f} when everything bursts\n")

    print("| posts of | posts/s | " + " | ".join(f"cores to {stage}" for stage in rates) + " |")
    print("|---|---|" + "---|" * len(rates))
    median = sorted(shares.values())[len(shares) // 2]
    for name, a_second in (
        ("a middling region, busiest hour", peak * median),
        ("the same, 10x", peak * median * BURST),
        (f"the largest region, busiest hour", peak * shares[largest]),
        ("the same, 10x", peak * shares[largest] * BURST),
        ("the country, busiest hour", peak),
        ("the same, 10x", peak * BURST),
    ):
        print(f"| {name} | {a_second:.0f} | " + " | ".join(f"{a_second / rate:.2f}" for rate in rates.values()) + " |")

    print("\nSkew: the country in its busiest hour, and with 10x everywhere; consumers needed to group\n")
    print("| partitions | busiest partition, share | ideal share | consumers, busiest hour | consumers, 10x |")
    print("|---|---|---|---|---|")
    for partitions in (4, 8, 16, 32, 64):
        load = loads(shares, partitions, peak)
        at_peak = needed(load, rates["group"])
        at_burst = needed([10 * each for each in load], rates["group"])
        word = lambda found: "one partition is too much for a core" if found[0] is None else str(found[0])
        print(f"| {partitions} | {max(load) / sum(load):.1%} | {1 / partitions:.1%} | {word(at_peak)} | {word(at_burst)} |")

    print("\nLoss of a node among the consumers that group: an hour, 64 partitions; the largest region bursts 10x or not\n")
    print("| consumers | load | longest wait, s | caught up after, s |")
    print("|---|---|---|---|")
    for consumers in (2, 3, 4, 8):
        for name, bursting in (("busiest hour", None), (f"with a burst of {largest}", largest)):
            load = loads(shares, 64, peak, bursting)
            longest, late = play(load, consumers, rates["group"], 60, lost=0)
            print(f"| {consumers} | {name}: {sum(load):.0f} posts/s | {longest:.0f} | {'not within the hour' if late is None else late} |")


if __name__ == "__main__":
    main()
