"""Streams of posts, and how well what is forecast for them comes true."""

import bisect
import collections
import datetime
import math

HOUR, DAY = 3600, 86400
# Each stream is asked about so often, while it is a week old and had a post in so many days.
ASK_HOURS = 6
AGE_DAYS = 7
QUIET_DAYS = 14
HORIZONS = (3, 24)
# Posts a day over the last week; of events, over the last day.
BUCKETS = (("below 2 a day", 0, 2), ("low, 2-10 a day", 2, 10), ("middle, 10-50 a day", 10, 50), ("high, 50 and more", 50, math.inf))
# Forecasts a bucket needs to be judged.
CASES_MIN = 300
COVERED = (0.75, 0.88)


def seconds(moment):
    return int(datetime.datetime.fromisoformat(moment).timestamp())


def rfc3339(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(posts):
    """Lines of the filter for posts (time, names of their streams), in order: each post, and at every step a line without
    posts for each stream that lives. Gives the lines and, for each that asks, its stream and time."""
    out, asked = [], []
    first, latest = {}, {}
    step = posts[0][0] // (ASK_HOURS * HOUR) + 1
    for at, streams in posts:
        while step * ASK_HOURS * HOUR <= at:
            now = step * ASK_HOURS * HOUR
            for stream, last in latest.items():
                if now - last <= QUIET_DAYS * DAY and now - first[stream] >= AGE_DAYS * DAY:
                    asked.append((len(out), stream, now))
                    out.append({"event_id": stream, "published_at": rfc3339(now), "posts": 0})
            step += 1
        for stream in streams:
            first.setdefault(stream, at)
            latest[stream] = at
            out.append({"event_id": stream, "published_at": rfc3339(at)})
    return out, asked


def arrivals(posts):
    """The same for events: asked about with each of their posts."""
    out, asked = [], []
    for at, streams in posts:
        for stream in streams:
            asked.append((len(out), stream, at))
            out.append({"event_id": stream, "published_at": rfc3339(at)})
    return out, asked


def poisson_interval(mean, share=0.8):
    """The equal-tailed interval of a Poisson count."""
    if mean == 0:
        return 0, 0
    low = high = None
    below, number, weight = 0.0, 0, math.exp(-mean) if mean < 700 else 0.0
    if weight == 0.0:
        spread = 1.2816 * math.sqrt(mean)
        return round(mean - spread), round(mean + spread)
    while high is None:
        below += weight
        if low is None and below > (1 - share) / 2:
            low = number
        if below >= (1 + share) / 2:
            high = number
        number += 1
        weight *= mean / number
    return low, high


def report(name, posts, answers, asked, rate_days=7):
    """Coverage and mean absolute error in the later half, beside the last hours carried on."""
    times = collections.defaultdict(list)
    for at, streams in posts:
        for stream in streams:
            times[stream].append(at)
    ends = posts[-1][0]
    # Telegram's posts come thicker towards the end: there the half is one of posts.
    half = (posts[0][0] + ends) / 2 if name != "telegram" else posts[len(posts) // 2][0]
    sums = collections.defaultdict(lambda: [0] * 6)
    for line, stream, now in asked:
        own = times[stream]
        rate = between(own, now - rate_days * DAY, now) / rate_days
        bucket = next(number for number, (_, least, most) in enumerate(BUCKETS) if least <= rate < most)
        for forecast in answers[line]["forecast"]:
            width = forecast["hours"] * HOUR
            if now < half or now + width > ends:
                continue
            came, before = between(own, now, now + width), between(own, now - width, now)
            low, high = poisson_interval(before)
            total = sums[forecast["hours"], bucket]
            total[0] += 1
            total[1] += came
            total[2] += forecast["low"] <= came <= forecast["high"]
            total[3] += abs(came - forecast["likely"])
            total[4] += low <= came <= high
            total[5] += abs(came - before)
    for hours in HORIZONS:
        for number, (words, least, _) in enumerate(BUCKETS):
            cases, came, covered, error, peer_covered, peer_error = sums[hours, number]
            if cases < CASES_MIN:
                continue
            good = COVERED[0] <= covered / cases <= COVERED[1] and error < peer_error
            verdict = "" if least == 0 or name == "events" else "  within the bar" if good else "  OUTSIDE THE BAR"
            print(
                f"    {hours:2} h, {words:20} {cases:6} cases, {came / cases:6.2f} posts on average: covered {covered / cases:.3f},"
                f" error {error / cases:.3f}; last {hours} h carried on: {peer_covered / cases:.3f}, {peer_error / cases:.3f}{verdict}"
            )


def between(times, after, to):
    """How many of some times lie after one moment and not after another."""
    return bisect.bisect_right(times, to) - bisect.bisect_right(times, after)
