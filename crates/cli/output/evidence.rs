//! What is attached to an item: for people and programs.

use super::{day, minute, table};
use anyhow::Result;
use jiff::Timestamp;
use quietus_export::object;
use quietus_poam::Attached;
use quietus_track::Kept;
use serde_json::Value;

type Found<'a> = (&'a Attached, Option<Kept>);

pub(crate) fn print(found: &[Found<'_>], now: Timestamp) -> Result<()> {
    if found.is_empty() {
        return super::lines(&["nothing is attached; `quietus item act ID attach FILE --shows …`"]);
    }
    let row = |(attached, kept): &Found<'_>| {
        let file = &attached.attachment;
        let until = file.expires.map_or("-".to_owned(), |expires| match attached.is_valid(now) {
            true => day(expires),
            false => format!("expired {}", day(expires)),
        });
        vec![
            file.digest.as_str()[..12].to_owned(),
            file.name.to_string(),
            file.shows.to_string(),
            minute(file.collected),
            file.collector.to_string(),
            until,
            state(kept.as_ref()).to_owned(),
        ]
    };
    table(
        &["SHA-256", "FILE", "SHOWS", "AS OF", "COLLECTED BY", "UNTIL", "COPY"],
        found.iter().map(row).collect(),
    )
}

pub(crate) fn print_json(found: &[Found<'_>], now: Timestamp) -> Result<()> {
    let value = |(attached, kept): &Found<'_>| {
        let mut value = object::attached(attached, now);
        value["copy"] = Value::from(state(kept.as_ref()));
        value
    };
    super::json::print_value(&found.iter().map(value).collect::<Vec<_>>())
}

fn state(kept: Option<&Kept>) -> &'static str {
    match kept {
        None => "elsewhere",
        Some(Kept::Whole(_)) => "whole",
        Some(Kept::Altered) => "altered",
        Some(Kept::Missing) => "missing",
    }
}
