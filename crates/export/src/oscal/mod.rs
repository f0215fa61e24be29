//! OSCAL 1.2.3 Plan of Action and Milestones, in JSON: written, read back, and checked.
//!
//! One credential is one item, one risk and one finding; every event of its history is an entry of
//! the risk's log, and those that are evidence are observations as well. All UUIDs follow from
//! what they name, so that two exports of one ledger differ only in what happened in between.

mod answer;
mod assets;
mod check;
mod document;
mod history;
mod item;
mod item_document;
mod log;
mod metadata;
mod names;
mod observation;
mod plan;
mod read;
mod risk;
mod steps;

pub use check::{Problem, ProblemKind, check};
pub use names::NS;
pub use read::{ReadClosure, ReadError, ReadItem, ReadMilestone, ReadRound, read};
pub(crate) use risk::is_control;

use crate::text::Line;
use crate::{Audience, ExportError};
use document::{BackMatter, ImportSsp, Poam, Root, SystemId, Token};
use jiff::{SignedDuration, Timestamp};
use names::uuid;
use quietus_poam::{PoamItem, ScanRecord};
use uuid::Uuid;

/// The version of OSCAL that is written.
const OSCAL_VERSION: &str = "1.2.3";

/// What an export says beyond the items.
#[derive(Clone, PartialEq, Debug)]
pub struct OscalOptions {
    /// The id of the system that the POA&M belongs to. Where it is left out, one is derived from
    /// the names of organisation and system.
    pub system_id: Option<String>,
    /// Where the system security plan stands: a URL, or a path relative to the export.
    pub import_ssp: Option<String>,
    /// The name of the system.
    pub system_name: String,
    /// Who is responsible for it.
    pub organization: String,
    /// Number and hash of the last entry of the ledger: what ties the export to it.
    pub head: Option<(u64, String)>,
    /// Who will read it; what they may not read was taken out of the items before.
    pub audience: Audience,
    /// The version of this program.
    pub version: String,
    /// After this a verdict is stale: the policy's `cadence.stale`.
    pub stale_after: Option<SignedDuration>,
    /// Add the properties and facets that FedRAMP asks for.
    pub fedramp: bool,
}

impl Default for OscalOptions {
    fn default() -> Self {
        Self {
            system_id: None,
            import_ssp: None,
            system_name: "Unnamed system".to_owned(),
            organization: "Unnamed organization".to_owned(),
            head: None,
            audience: Audience::Internal,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            stale_after: None,
            fedramp: false,
        }
    }
}

/// A POA&M document, ready to be written.
#[derive(Clone, PartialEq, Debug)]
pub struct Document(Root);

impl Document {
    /// The JSON text, indented, with a line break at its end.
    pub fn to_string_pretty(&self) -> String {
        #[expect(
            clippy::expect_used,
            clippy::missing_panics_doc,
            reason = "nothing in the document can fail to be JSON"
        )]
        let mut text = serde_json::to_string_pretty(&self.0).expect("the document is JSON");
        text.push('\n');
        text
    }

    /// The JSON value, for [`check()`].
    pub fn to_value(&self) -> serde_json::Value {
        #[expect(
            clippy::expect_used,
            clippy::missing_panics_doc,
            reason = "nothing in the document can fail to be JSON"
        )]
        serde_json::to_value(&self.0).expect("the document is JSON")
    }
}

/// Writes `items` as a POA&M. `scans` says how well their repositories are watched.
///
/// The same arguments give the same bytes, whatever the order of `items` and `scans`.
///
/// # Errors
/// [`ExportError`] when there is no item, or the options are at odds with the format.
pub fn poam(
    items: &[PoamItem],
    scans: &[ScanRecord],
    options: &OscalOptions,
    now: Timestamp,
) -> Result<Document, ExportError> {
    if items.is_empty() {
        return Err(ExportError::NothingToExport);
    }
    let import_ssp = import_ssp(options)?;
    let mut items: Vec<&PoamItem> = items.iter().collect();
    items.sort_by_key(|item| (item.number, item.fingerprint()));
    let written: Vec<_> = items.iter().map(|item| item::write(item, options, now)).collect();
    let metadata = metadata::write(&items, scans, options, now);
    let mut poam = Poam {
        uuid: uuid(["document", &options.organization, &system(options)]),
        metadata,
        system_id: import_ssp.is_none().then(|| system_id(options)),
        import_ssp,
        local_definitions: Some(assets::write(&items, scans, options)),
        observations: Vec::new(),
        risks: Vec::new(),
        findings: Vec::new(),
        poam_items: Vec::new(),
        back_matter: None,
    };
    let mut resources = Vec::new();
    for part in written {
        poam.observations.extend(part.observations);
        poam.risks.push(part.risk);
        poam.findings.push(part.finding);
        poam.poam_items.push(part.item);
        resources.extend(part.resources);
    }
    poam.back_matter = (!resources.is_empty()).then_some(BackMatter { resources });
    Ok(Document(Root { plan_of_action_and_milestones: poam }))
}

fn import_ssp(options: &OscalOptions) -> Result<Option<ImportSsp>, ExportError> {
    let Some(href) = options.import_ssp.clone() else {
        return if options.fedramp { Err(ExportError::NoSecurityPlan) } else { Ok(None) };
    };
    let refused =
        |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii() || "\"<>\\^`{|}".contains(c);
    if href.is_empty() || href.contains(refused) {
        return Err(ExportError::BadReference { reference: href });
    }
    Ok(Some(ImportSsp { href }))
}

/// What tells this system from others.
fn system(options: &OscalOptions) -> String {
    let given = options.system_id.clone().filter(|id| !id.trim().is_empty());
    given.unwrap_or_else(|| {
        uuid(["system", &options.organization, &options.system_name]).to_string()
    })
}

fn system_id(options: &OscalOptions) -> SystemId {
    let id = system(options);
    let is_uuid = Uuid::parse_str(&id).is_ok();
    SystemId {
        identifier_type: is_uuid
            .then_some(Token::Borrowed("http://datatracker.ietf.org/doc/html/rfc4122")),
        id: Line::of(id),
    }
}
