//! Title, versions, roles and people of a POA&M, and what ties it to the ledger.

use super::document::{Metadata, Party, Prop, ResponsibleParty, Role, Token};
use super::names::{NS, uuid};
use super::{OSCAL_VERSION, OscalOptions};
use crate::coverage::watched;
use crate::text::{Line, Markup, Moment};
use jiff::Timestamp;
use quietus_poam::{Actor, PoamItem, ScanRecord};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who sees to a credential.
pub(super) const OWNER: Token = Token::Borrowed("asset-owner");
/// Who did something to an item.
pub(super) const ACTOR: Token = Token::Borrowed("item-actor");
/// The program, and with it those who run it.
pub(super) const SCANNER: Token = Token::Borrowed("scanner");

const PREPARED_BY: Token = Token::Borrowed("prepared-by");

pub(super) fn write(
    items: &[&PoamItem],
    scans: &[ScanRecord],
    options: &OscalOptions,
    now: Timestamp,
) -> Metadata {
    let role = |id: Token, title: &str| Role { id, title: Markup::of(title) };
    let organization = organization(options);
    Metadata {
        title: Markup::of(format!(
            "Leaked credentials: plan of action and milestones for {}",
            options.system_name
        )),
        last_modified: Moment::of(now),
        version: Line::of(now.to_string()),
        oscal_version: Token::Borrowed(OSCAL_VERSION),
        props: props(items, scans, options),
        roles: vec![
            role(PREPARED_BY, "Prepared by"),
            role(OWNER, "Owner of a leaked credential"),
            role(ACTOR, "Person who acted on an item"),
            role(SCANNER, "Automated scanning and verification, on behalf of the organization"),
        ],
        parties: parties(items, options),
        responsible_parties: vec![ResponsibleParty {
            role_id: PREPARED_BY,
            party_uuids: vec![organization],
        }],
    }
}

/// The head of the ledger, and how much of what is known has been scanned.
fn props(items: &[&PoamItem], scans: &[ScanRecord], options: &OscalOptions) -> Vec<Prop> {
    let repositories = watched(items.iter().copied(), scans);
    let complete = repositories.values().filter(|watch| watch.last_complete.is_some()).count();
    let mut props = vec![
        Prop::own("repositories", repositories.len().to_string()),
        Prop::own("repositories-scanned-completely", complete.to_string()),
    ];
    props.push(Prop::own("audience", options.audience.as_str()));
    if let Some((sequence, hash)) = &options.head {
        props.push(Prop::own("ledger-sequence", sequence.to_string()));
        props.push(Prop::own("ledger-hash", hash));
    }
    if let Some(item) = items.first() {
        props.push(Prop::own("fingerprint-key", item.detection.key_id.as_str()));
    }
    props
}

/// The responsible organisation.
pub(super) fn organization(options: &OscalOptions) -> Uuid {
    uuid(["organization", Line::of(&options.organization).as_str()])
}

/// A person or team.
pub(super) fn party(name: &str) -> Uuid {
    uuid(["party", Line::of(name).as_str()])
}

/// Who an event is logged by: a person, or the organisation that runs the program.
pub(super) fn actor(actor: &Actor, options: &OscalOptions) -> (Uuid, Token) {
    match actor.person_id() {
        Some(id) => (party(id), ACTOR),
        None => (organization(options), SCANNER),
    }
}

/// The organisation, and everybody who owns an item or did something, by name.
fn parties(items: &[&PoamItem], options: &OscalOptions) -> Vec<Party> {
    let mut kinds: BTreeMap<Line, &'static str> = BTreeMap::new();
    for item in items {
        if let Some(owner) = &item.owner {
            let name = Line::of(owner.name.as_str());
            let kind = if is_team(name.as_str()) { "organization" } else { "person" };
            kinds.entry(name).or_insert(kind);
        }
        for id in item.history.iter().filter_map(|recorded| recorded.by.person_id()) {
            kinds.insert(Line::of(id), "person");
        }
    }
    let people = kinds.into_iter().map(|(name, kind)| Party {
        uuid: party(name.as_str()),
        r#type: Token::Borrowed(kind),
        name,
    });
    let organization = Party {
        uuid: organization(options),
        r#type: Token::Borrowed("organization"),
        name: Line::of(&options.organization),
    };
    std::iter::once(organization).chain(people).collect()
}

/// `@org/team`, or several owners at once, as CODEOWNERS writes them.
fn is_team(name: &str) -> bool {
    name.starts_with('@') && name.contains(['/', ' '])
}

/// The program as the origin of what it observed.
pub(super) fn tool() -> Uuid {
    uuid(["tool", NS])
}
