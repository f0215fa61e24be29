//! The components that a POA&M speaks of: the system, its repositories, the issuers, this program.

use super::document::{
    AssessmentAssets, Component, ComponentStatus, LocalDefinitions, Platform, Prop, Subject, Token,
    UsesComponent,
};
use super::names::uuid;
use super::{OscalOptions, metadata, system};
use crate::coverage::{Watch, watched};
use crate::text::Markup;
use quietus_model::{Location, Place, RepositoryId, Target};
use quietus_poam::{PoamItem, ScanRecord};
use std::collections::BTreeSet;
use uuid::Uuid;

pub(super) fn write(
    items: &[&PoamItem],
    scans: &[ScanRecord],
    options: &OscalOptions,
) -> LocalDefinitions {
    let mut components = vec![component(
        this_system(options),
        "this-system",
        &options.system_name,
        "The system whose repositories are scanned for leaked credentials.",
        Vec::new(),
    )];
    components.extend(
        watched(items.iter().copied(), scans).into_iter().map(|(id, watch)| repository(id, &watch)),
    );
    components.extend(issuers(items));
    LocalDefinitions { components, assessment_assets: Some(assessment_assets(options)) }
}

fn repository(id: &RepositoryId, watch: &Watch<'_>) -> Component {
    let last_complete = watch.last_complete.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut props =
        vec![Prop::own("repository", id.as_str()), Prop::own("last-complete-scan", &last_complete)];
    if let Some(scan) = watch.last {
        props.extend([
            Prop::own("last-scan", scan.taken_at.to_string()),
            Prop::own("last-scan-gaps", scan.scope.gaps.len().to_string()),
            Prop::own("last-scan-rules", scan.rules_digest.as_str()),
            Prop::own("last-scan-source", scan.scope.source.as_str()),
        ]);
    }
    let description = format!(
        "Source repository in which credentials are looked for. Last complete scan: {last_complete}."
    );
    component(repository_uuid(id), "software", id.as_str(), &description, props)
}

fn issuers(items: &[&PoamItem]) -> Vec<Component> {
    let targets: BTreeSet<(&str, &str)> = items
        .iter()
        .flat_map(|item| item.targets.keys())
        .map(|target| (target.issuer.as_str(), target.endpoint.as_str()))
        .collect();
    let issuer = |(issuer, endpoint): (&str, &str)| {
        component(
            issuer_uuid(issuer, endpoint),
            "service",
            &format!("{issuer} at {endpoint}"),
            "An issuer that is asked whether a credential still works.",
            vec![Prop::own("issuer", issuer), Prop::own("endpoint", endpoint)],
        )
    };
    targets.into_iter().map(issuer).collect()
}

fn assessment_assets(options: &OscalOptions) -> AssessmentAssets {
    let tool = component(
        metadata::tool(),
        "software",
        "Quietus",
        "Finds leaked credentials in repositories and their history, asks their issuers, and keeps \
         the ledger that this document is written from.",
        vec![Prop::nist("version", &options.version)],
    );
    let platform = Platform {
        uuid: uuid(["platform", &system(options)]),
        title: Markup::of("Where Quietus runs"),
        uses_components: vec![UsesComponent { component_uuid: metadata::tool() }],
    };
    AssessmentAssets { components: vec![tool], assessment_platforms: vec![platform] }
}

fn component(
    uuid: Uuid,
    kind: &'static str,
    title: &str,
    description: &str,
    props: Vec<Prop>,
) -> Component {
    Component {
        uuid,
        r#type: Token::Borrowed(kind),
        title: Markup::of(title),
        description: Markup::of(description),
        props,
        status: ComponentStatus { state: Token::Borrowed("operational") },
    }
}

fn this_system(options: &OscalOptions) -> Uuid {
    uuid(["this-system", &system(options)])
}

fn repository_uuid(id: &RepositoryId) -> Uuid {
    uuid(["repository", id.as_str()])
}

fn issuer_uuid(issuer: &str, endpoint: &str) -> Uuid {
    uuid(["issuer", issuer, endpoint])
}

fn subject(subject_uuid: Uuid) -> Subject {
    Subject { subject_uuid, r#type: Token::Borrowed("component") }
}

/// The system as what an observation is about.
pub(super) fn system_subject(options: &OscalOptions) -> Subject {
    subject(this_system(options))
}

/// The repository of a place as what an observation is about; what came on standard input was in
/// none.
pub(super) fn place_subject(location: &Location, options: &OscalOptions) -> Subject {
    match location.place {
        Place::Stdin => system_subject(options),
        _ => subject(repository_uuid(&location.repository)),
    }
}

/// An issuer as what an observation is about.
pub(super) fn issuer_subject(target: &Target) -> Subject {
    subject(issuer_uuid(&target.issuer, &target.endpoint))
}
