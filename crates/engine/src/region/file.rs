//! `regions/REGION.toml` and `policies.toml`, read with the line of every mistake.

use std::{collections::BTreeMap, ops::Range, str::FromStr};

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};
use otklik_domain::{
    Agency, AgencyId, AgencyTree, AgencyTreeError, BlockId, ClockPolicy, Limit, PlaceId, RegionId, Severity, SlaPolicy,
};
use otklik_text::read_toml;
use serde::Deserialize;
use toml::Spanned;

use super::{Competence, OpeningRules, Problem, Region, SourceFile};
use crate::sla::{Calendar, Schedule};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RegionFile {
    region: RegionEntry,
    hours: HoursEntry,
    #[serde(default)]
    holidays: Vec<HolidayEntry>,
    incidents: IncidentsEntry,
    sla: SlaEntry,
    #[serde(default)]
    policies: Vec<PolicyEntry>,
    agencies: Vec<AgencyEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoliciesFile {
    policies: Vec<PolicyEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RegionEntry {
    id: String,
    name: String,
    time_zone: Spanned<String>,
    default_agency: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursEntry {
    opens: Spanned<String>,
    closes: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayEntry {
    date: Spanned<String>,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct IncidentsEntry {
    authors_min: Option<Spanned<u32>>,
    severity_min: Option<Spanned<u8>>,
    #[serde(default)]
    danger: bool,
    #[serde(default)]
    appeal: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlaEntry {
    default: Spanned<String>,
    #[serde(default)]
    blocks: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyEntry {
    name: Spanned<String>,
    clocks: Vec<ClockEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ClockEntry {
    clock: Spanned<String>,
    start: Spanned<String>,
    unit: Spanned<String>,
    limits: Vec<Spanned<LimitEntry>>,
    #[serde(default)]
    pause: Vec<Spanned<String>>,
    #[serde(default)]
    warn_percent: Vec<Spanned<u8>>,
    #[serde(default)]
    escalate: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LimitEntry {
    amount: u32,
    #[serde(default)]
    severity_min: u8,
    #[serde(default)]
    topics: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyEntry {
    id: Spanned<String>,
    name: String,
    parent: Option<Spanned<String>>,
    municipality: Option<String>,
    #[serde(default)]
    topics: Vec<String>,
}

pub(super) fn parse(
    file: &SourceFile<'_>,
    policies_file: Option<&SourceFile<'_>>,
    calendar: Calendar,
) -> Result<Region, Vec<Problem>> {
    let mut policies = policies_file.map(parse_policies).transpose()?.unwrap_or_default();
    let entries: RegionFile = read_toml(file).map_err(|problem| vec![problem])?;
    let mut reader = Reader { file, problems: Vec::new() };
    policies.extend(reader.policies(entries.policies));
    let schedule = reader.schedule(&entries.region, &entries.hours, &entries.holidays, calendar);
    let (agencies, competences) = reader.agencies(entries.agencies);
    let default_agency = AgencyId::from(entries.region.default_agency.get_ref().as_str());
    if agencies.get(&default_agency).is_none() {
        let message = format!("default-agency {default_agency} is not among [[agencies]]");
        reader.problem(entries.region.default_agency.span(), message);
    }
    let mut named = vec![&entries.sla.default];
    named.extend(entries.sla.blocks.values());
    for name in named {
        if !policies.contains_key(name.get_ref()) {
            let known = policies.keys().cloned().collect::<Vec<_>>().join(", ");
            reader.problem(name.span(), format!("policy {:?} is not known, expected one of: {known}", name.get_ref()));
        }
    }
    let opening = reader.opening(&entries.incidents);
    let block_policies = entries.sla.blocks.into_iter().map(|(block, name)| (BlockId::new(block), name.into_inner()));
    let region = Region {
        id: RegionId::new(entries.region.id),
        name: entries.region.name,
        agencies,
        competences,
        default_agency,
        schedule,
        opening,
        policies,
        default_policy: entries.sla.default.into_inner(),
        block_policies: block_policies.collect(),
    };
    reader.finish(region)
}

pub(super) fn parse_policies(file: &SourceFile<'_>) -> Result<BTreeMap<String, SlaPolicy>, Vec<Problem>> {
    let entries: PoliciesFile = read_toml(file).map_err(|problem| vec![problem])?;
    let mut reader = Reader { file, problems: Vec::new() };
    let policies = reader.policies(entries.policies);
    reader.finish(policies)
}

struct Reader<'a> {
    file: &'a SourceFile<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::at(self.file, span, message));
    }

    fn finish<T>(mut self, value: T) -> Result<T, Vec<Problem>> {
        self.problems.sort();
        if self.problems.is_empty() { Ok(value) } else { Err(self.problems) }
    }

    /// Reads a name of an enumeration; a wrong one is noted and `None`.
    fn named<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &Spanned<String>) -> Option<T> {
        match name.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(name.span(), error.to_string());
                None
            }
        }
    }

    fn policies(&mut self, entries: Vec<PolicyEntry>) -> BTreeMap<String, SlaPolicy> {
        let mut policies = BTreeMap::new();
        for entry in entries {
            let clocks = entry.clocks.into_iter().filter_map(|clock| self.clock(clock)).collect();
            let policy = SlaPolicy { name: entry.name.get_ref().clone(), clocks };
            if policies.insert(policy.name.clone(), policy).is_some() {
                self.problem(entry.name.span(), format!("policy {:?} is there twice", entry.name.get_ref()));
            }
        }
        policies
    }

    fn clock(&mut self, entry: ClockEntry) -> Option<ClockPolicy> {
        let (clock, start, unit) = (self.named(&entry.clock), self.named(&entry.start), self.named(&entry.unit));
        if entry.limits.is_empty() {
            self.problem(entry.clock.span(), "a clock needs at least one limit");
        }
        for limit in entry.limits.iter().filter(|limit| !(1..=1000).contains(&limit.get_ref().amount)) {
            self.problem(limit.span(), "amount must be 1 to 1000");
        }
        let warnings: Vec<u8> = entry.warn_percent.iter().map(|percent| *percent.get_ref()).collect();
        let ascending = warnings.windows(2).all(|pair| pair.first() < pair.last());
        if let Some(first) = entry.warn_percent.first()
            && (!ascending || warnings.iter().any(|percent| !(1..=99).contains(percent)))
        {
            self.problem(first.span(), "warn-percent must ascend and lie between 1 and 99");
        }
        Some(ClockPolicy {
            clock: clock?,
            start: start?,
            unit: unit?,
            limits: entry.limits.into_iter().map(|limit| limit_of(limit.into_inner())).collect(),
            pause: entry.pause.iter().filter_map(|state| self.named(state)).collect(),
            warn_percent: warnings,
            escalate: entry.escalate,
        })
    }

    fn schedule(
        &mut self,
        region: &RegionEntry,
        hours: &HoursEntry,
        holidays: &[HolidayEntry],
        mut calendar: Calendar,
    ) -> Schedule {
        let zone = TimeZone::get(region.time_zone.get_ref()).unwrap_or_else(|_| {
            self.problem(region.time_zone.span(), "is not an IANA time zone such as Europe/Moscow");
            TimeZone::UTC
        });
        for holiday in holidays {
            match holiday.date.get_ref().parse::<Date>() {
                Ok(date) => calendar.add_regional(date, holiday.name.clone()),
                Err(_) => self.problem(holiday.date.span(), "is not a date such as 2026-05-27"),
            }
        }
        let (opens, closes) = (self.time(&hours.opens), self.time(&hours.closes));
        if opens >= closes {
            self.problem(hours.opens.span(), "opens must come before closes");
        }
        Schedule { calendar, zone, opens, closes }
    }

    fn time(&mut self, text: &Spanned<String>) -> Time {
        format!("{}:00", text.get_ref()).parse().unwrap_or_else(|_| {
            self.problem(text.span(), "is not a time such as 09:00");
            Time::midnight()
        })
    }

    fn agencies(&mut self, entries: Vec<AgencyEntry>) -> (AgencyTree, Vec<Competence>) {
        let mut list = Vec::new();
        let mut competences = Vec::new();
        let mut spans = BTreeMap::new();
        for entry in entries {
            let id = AgencyId::from(entry.id.get_ref().as_str());
            let municipality = entry.municipality.map(PlaceId::new);
            spans.insert(id.clone(), entry.id.span());
            if !entry.topics.is_empty() {
                let topics = entry.topics;
                competences.push(Competence { agency: id.clone(), municipality: municipality.clone(), topics });
            }
            let parent = entry.parent.map(|parent| AgencyId::new(parent.into_inner()));
            list.push(Agency { id, name: entry.name, parent, municipality });
        }
        let tree = AgencyTree::new(list).unwrap_or_else(|error| {
            let (AgencyTreeError::Twice(id)
            | AgencyTreeError::Cycle(id)
            | AgencyTreeError::UnknownParent { child: id, .. }) = &error;
            self.problem(spans.get(id).cloned().unwrap_or(0..0), error.to_string());
            AgencyTree::default()
        });
        (tree, competences)
    }

    fn opening(&mut self, entry: &IncidentsEntry) -> OpeningRules {
        if let Some(severity) = entry.severity_min.as_ref().filter(|severity| !(1..=5).contains(severity.get_ref())) {
            self.problem(severity.span(), "severity-min must be 1 to 5");
        }
        if let Some(authors) = entry.authors_min.as_ref().filter(|authors| *authors.get_ref() == 0) {
            self.problem(authors.span(), "authors-min must be at least 1");
        }
        OpeningRules {
            authors_min: entry.authors_min.as_ref().map(|authors| *authors.get_ref()),
            severity_min: entry.severity_min.as_ref().map(|severity| *severity.get_ref()),
            danger: entry.danger,
            appeal: entry.appeal,
        }
    }
}

fn limit_of(entry: LimitEntry) -> Limit {
    Limit { amount: entry.amount, severity_min: Severity::new(entry.severity_min), topics: entry.topics }
}
