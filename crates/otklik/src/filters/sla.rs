//! `otklik sla`: the deadlines of a policy and how they were counted.

use std::{fs, io};

use anyhow::Context;
use jiff::{Timestamp, civil::Time, tz::TimeZone};
use otklik_domain::{ClockPolicy, Severity, TopicId};
use otklik_engine::sla::{Deadline, Schedule, deadline};
use serde::Serialize;

use crate::{
    Outcome,
    cli::SlaArgs,
    dictionaries::DictionaryFiles,
    jsonl, regions,
    stop::{OrUsage, Stop},
};

/// The deadlines.
#[derive(Serialize)]
struct Report {
    policy: String,
    clocks: Vec<ClockReport>,
}

#[derive(Serialize)]
struct ClockReport {
    clock: &'static str,
    start: String,
    /// `null` when a pause never ends.
    due: Option<String>,
    trace: Vec<IntervalReport>,
}

#[derive(Serialize)]
struct IntervalReport {
    from: String,
    to: String,
    counted: bool,
    why: String,
}

/// Works out and prints.
///
/// # Errors
/// The policy is not known, a time, an hour, a time zone or a calendar makes no sense.
pub(crate) fn run(args: &SlaArgs) -> anyhow::Result<Outcome> {
    let files = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?;
    let region = args.config.as_deref().map(|path| regions::load(path, &files)).transpose()?;
    let schedule = schedule(args, &files, region.as_ref())?;
    let ready = regions::policies(&files)?;
    let policy = region.as_ref().and_then(|region| region.policy(&args.policy)).or_else(|| ready.get(&args.policy));
    let Some(policy) = policy else {
        let known = ready.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(usage(format!("--policy {:?} is not known, ready ones: {known}", args.policy)));
    };
    let from = time("--from", &args.from)?;
    let pauses = pauses(&args.pauses)?;
    let topic = args.topic.as_deref().map(TopicId::from);
    let clocks = policy
        .clocks
        .iter()
        .filter_map(|clock| {
            let amount = clock.limit(Severity::new(args.severity), topic.as_ref())?;
            let found = deadline(clock.unit, amount, from, &pauses, &schedule);
            Some(report(clock, from, found, &schedule.zone))
        })
        .collect();
    let report = Report { policy: policy.name.clone(), clocks };
    let mut output = io::stdout().lock();
    jsonl::write_line(&mut output, &report)?;
    jsonl::finish(&mut output)?;
    Ok(Outcome::Done)
}

fn report(clock: &ClockPolicy, start: Timestamp, found: Deadline, zone: &TimeZone) -> ClockReport {
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let ends = found.due != Timestamp::MAX;
    let trace = found.trace.into_iter().filter(|part| part.to != Timestamp::MAX || !ends);
    ClockReport {
        clock: clock.clock.as_str(),
        start: local(start),
        due: ends.then(|| local(found.due)),
        trace: trace
            .map(|part| IntervalReport {
                from: local(part.from),
                to: local(part.to),
                counted: part.counted,
                why: part.why.into_owned(),
            })
            .collect(),
    }
}

fn schedule(
    args: &SlaArgs,
    files: &DictionaryFiles,
    region: Option<&otklik_engine::region::Region>,
) -> anyhow::Result<Schedule> {
    let mut schedule = match region {
        Some(region) => region.schedule.clone(),
        None => Schedule::usual(regions::calendar(files)?, TimeZone::get("Europe/Moscow")?),
    };
    for path in &args.calendars {
        let xml = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        schedule.calendar.add_xml(&xml).with_context(|| format!("cannot use {}", path.display()))?;
    }
    if let Some(zone) = &args.tz {
        schedule.zone = TimeZone::get(zone).or_usage("--tz")?;
    }
    if let Some(hours) = &args.hours {
        let parse = |text: &str| format!("{}:00", text.trim()).parse::<Time>().ok();
        let found = hours.split_once('-').and_then(|(opens, closes)| parse(opens).zip(parse(closes)));
        let found = found.filter(|(opens, closes)| opens < closes);
        let wrong = || usage(format!("--hours {hours:?} is not such as 09:00-18:00"));
        (schedule.opens, schedule.closes) = found.ok_or_else(wrong)?;
    }
    Ok(schedule)
}

fn time(option: &'static str, text: &str) -> anyhow::Result<Timestamp> {
    otklik_wire::time::parse(option, text).map_err(|invalid| usage(invalid.to_string()))
}

fn usage(message: String) -> anyhow::Error {
    Stop::Usage(message).into()
}

/// Pauses in order, those that overlap made one.
fn pauses(texts: &[String]) -> anyhow::Result<Vec<(Timestamp, Timestamp)>> {
    let mut pauses = Vec::new();
    for text in texts {
        let wrong = |why| usage(format!("--pause {text:?} {why}"));
        let (from, to) = text.split_once('/').ok_or_else(|| wrong("is not such as A/B"))?;
        let (from, to) = (time("--pause", from)?, time("--pause", to)?);
        if from > to {
            return Err(wrong("ends before it begins"));
        }
        pauses.push((from, to));
    }
    pauses.sort();
    let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in pauses {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = (*end).max(to),
            _ => joined.push((from, to)),
        }
    }
    Ok(joined)
}
