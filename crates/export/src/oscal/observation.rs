//! Observations: the events of an item that are evidence of something.

use super::OscalOptions;
use super::answer::answer_props;
use super::assets::{issuer_subject, place_subject, system_subject};
use super::document::{
    Base64, Hash, Link, Origin, OriginActor, Prop, Resource, ResourceLink, Subject, Token,
};
use super::history::Step;
use super::item_document::{Observation, RelevantEvidence};
use super::metadata::{self, ACTOR};
use super::names::{ItemNames, fingerprint_value, prop};
use crate::story::place;
use crate::text::{Line, Markup, Moment};
use data_encoding::BASE64;
use jiff::Timestamp;
use quietus_model::{
    Attestation, Digest, Judgement, Location, LocationId, SafeText, SurveyId, Verdict,
};
use quietus_poam::{Attachment, ClosureBasis, Detection, Event, PoamItem, Recorded};

/// What one event shows, if it shows anything.
pub(super) fn of_step(
    item: &PoamItem,
    step: &Step<'_>,
    options: &OscalOptions,
) -> Option<(Observation, Option<Resource>)> {
    let names = ItemNames::of(item.fingerprint());
    let writer = Writer { item, step, names, options };
    let plain = |observation| Some((observation, None));
    match &step.recorded.event {
        Event::Opened { detection, .. } => plain(writer.detected(detection)),
        Event::Sighted { location, survey, source, cleared } => {
            plain(writer.sighted(location, *survey, source, *cleared))
        }
        Event::LeftHead { location, survey, .. } => {
            plain(writer.gone(location, *survey, "At no head any more", "head"))
        }
        Event::Absent { location, survey, .. } => {
            plain(writer.gone(location, *survey, "Absent", "everywhere"))
        }
        Event::Judged { judgement } => plain(writer.judged(judgement)),
        Event::Attested { attestation } => plain(writer.attested(attestation)),
        Event::Attached { attachment } => {
            let (observation, resource) = writer.attached(attachment);
            Some((observation, Some(resource)))
        }
        Event::Closed { basis, dead_since, evidence } => {
            let (observation, resource) = writer.closed(*basis, *dead_since, evidence);
            Some((observation, Some(resource)))
        }
        _ => None,
    }
}

struct Writer<'a> {
    item: &'a PoamItem,
    step: &'a Step<'a>,
    names: ItemNames,
    options: &'a OscalOptions,
}

/// What the kinds of observation differ in.
struct Shown<'a> {
    title: &'a str,
    description: String,
    types: &'a [&'static str],
    method: &'static str,
    subject: Subject,
    collected: Timestamp,
}

impl Writer<'_> {
    fn observation(&self, shown: Shown<'_>, evidence: Vec<RelevantEvidence>) -> Observation {
        Observation {
            uuid: self.names.observation(self.step.index),
            title: Markup::of(shown.title),
            description: Markup::of(shown.description),
            props: vec![Prop::own(prop::ID, self.item.id())],
            links: Vec::new(),
            methods: vec![Token::Borrowed(shown.method)],
            types: shown.types.iter().map(|kind| Token::Borrowed(*kind)).collect(),
            origins: vec![origin(self.step.recorded)],
            subjects: vec![shown.subject],
            relevant_evidence: evidence,
            collected: Moment::of(shown.collected),
            expires: None,
        }
    }

    fn detected(&self, detection: &Detection) -> Observation {
        let shown = Shown {
            title: "Leaked credential detected",
            description: format!(
                "{} ({}), found by the rule {} with {} confidence.",
                detection.kind.name, detection.redacted, detection.rule, detection.confidence
            ),
            types: &["discovery"],
            method: "TEST",
            subject: system_subject(self.options),
            collected: detection.detected_at,
        };
        let mut props = vec![
            Prop::own(prop::FINGERPRINT, fingerprint_value(detection.fingerprint)),
            Prop::own(prop::RULE, detection.rule.as_str()),
            Prop::own("confidence", detection.confidence.as_str()),
            Prop::own("survey", detection.survey.to_string()),
        ];
        props.extend(
            detection
                .decoded
                .iter()
                .map(|fact| Prop::own("decoded", format!("{} = {}", fact.name, fact.value))),
        );
        props.extend(detection.missing.iter().map(|part| Prop::own("missing-part", part)));
        let text = format!("What may be shown of it: {}", detection.redacted);
        self.observation(shown, vec![evidence(&text, props)])
    }

    fn sighted(
        &self,
        location: &Location,
        survey: SurveyId,
        source: &SafeText,
        cleared: bool,
    ) -> Observation {
        let heads: Vec<&str> = location.at_head.iter().map(SafeText::as_str).collect();
        let standing = if heads.is_empty() {
            "It stands at no head there.".to_owned()
        } else {
            format!("It stands at {}.", heads.join(", "))
        };
        let shown = Shown {
            title: "Leaked credential sighted",
            description: format!(
                "{} of {} holds it. {standing}",
                location.display(),
                location.repository
            ),
            types: &["discovery"],
            method: "TEST",
            subject: place_subject(location, self.options),
            collected: self.step.recorded.at,
        };
        let detection = &self.item.detection;
        let mut props = vec![
            Prop::own(prop::FINGERPRINT, fingerprint_value(detection.fingerprint)),
            Prop::own(prop::RULE, self.step.rule.as_str()),
            Prop::own("location", location.display()),
            Prop::own("location-id", location.id().to_string()),
            Prop::own("repository", location.repository.as_str()),
            Prop::own("source", source.as_str()),
            Prop::own("survey", survey.to_string()),
            Prop::own("cleared", if cleared { "yes" } else { "no" }),
        ];
        props.extend(location.blob.iter().map(|blob| Prop::own("blob", blob)));
        if let Some(introduced) = &location.introduced {
            props.push(Prop::own("introduced-by-commit", &introduced.commit));
            props.push(Prop::own("introduced-by", introduced.author.as_str()));
            props.push(Prop::own("introduced-at", introduced.at.to_string()));
        }
        props.extend(heads.iter().map(|head| Prop::own("at-head", head)));
        let text = format!("What may be shown of it: {}", detection.redacted);
        self.observation(shown, vec![evidence(&text, props)])
    }

    fn gone(
        &self,
        location: &LocationId,
        survey: SurveyId,
        title: &str,
        scope: &'static str,
    ) -> Observation {
        let sighting = self.item.presence.get(location);
        let place = place(self.item, location);
        let shown = Shown {
            title,
            description: match scope {
                "head" => format!("A complete scan saw it at no head of {place}."),
                _ => format!("A complete scan did not see it at {place}."),
            },
            types: &["absence-check", "mitigation"],
            method: "TEST",
            subject: sighting.map_or_else(
                || system_subject(self.options),
                |sighting| place_subject(&sighting.location, self.options),
            ),
            collected: self.step.recorded.at,
        };
        let props = vec![
            Prop::own("location-id", location.to_string()),
            Prop::own("absent-from", scope),
            Prop::own("survey", survey.to_string()),
        ];
        self.observation(shown, vec![evidence("A complete scan without gaps", props)])
    }

    fn judged(&self, judgement: &Judgement) -> Observation {
        let target = &judgement.target;
        let (title, said) = match &judgement.verdict {
            Verdict::Live(answer) => ("Credential accepted: it is live", answer.sentence()),
            Verdict::Dead(answer) => ("Credential denied", answer.sentence()),
            Verdict::Indeterminate(doubt) => ("Nothing learnt from the issuer", doubt.to_string()),
        };
        let shown = Shown {
            title,
            description: format!("{target} was asked: {said}."),
            types: &["liveness-check"],
            method: "TEST",
            subject: issuer_subject(target),
            collected: judgement.at,
        };
        let mut props = vec![Prop::own("verdict", judgement.verdict.state())];
        props.extend(target.principal.iter().map(|who| Prop::own("principal", who.as_str())));
        props.extend(judgement.verdict.observation().map(answer_props).unwrap_or_default());
        let mut observation = self.observation(shown, vec![evidence(&said, props)]);
        let stale = self
            .options
            .stale_after
            .map(|after| Moment::of(judgement.at.checked_add(after).unwrap_or(Timestamp::MAX)));
        observation.expires = stale;
        observation
    }

    fn attested(&self, attestation: &Attestation) -> Observation {
        let shown = Shown {
            title: "A person attests that the credential is dead",
            description: format!("{} states: {}", attestation.by, attestation.note),
            types: &["attestation"],
            method: "INTERVIEW",
            subject: system_subject(self.options),
            collected: attestation.at,
        };
        let props = attestation.digest.iter().map(document).collect();
        let text = format!("Attested by {}", attestation.by);
        self.vouched(shown, vec![evidence(&text, props)], attestation.expires)
    }

    /// The file itself stays outside: the back matter names it by its digest.
    fn attached(&self, file: &Attachment) -> (Observation, Resource) {
        let shown = Shown {
            title: "A file shows something",
            description: format!("{} shows: {}", file.name, file.shows),
            types: &["evidence"],
            method: "EXAMINE",
            subject: system_subject(self.options),
            collected: file.collected,
        };
        let props = || {
            let mut props = vec![
                document(&file.digest),
                Prop::own("collected-by", file.collector.as_str()),
                Prop::own("recorded-at", self.step.recorded.at.to_string()),
            ];
            let scope = Some(file.scope.as_str()).filter(|scope| !scope.is_empty());
            props.extend(scope.map(|scope| Prop::own("scope", scope)));
            props
        };
        let resource = Resource {
            uuid: self.names.resource(self.step.index),
            title: Markup::of(file.name.as_str()),
            description: Markup::of(file.shows.as_str()),
            props: [vec![Prop::nist("type", "evidence")], props()].concat(),
            rlinks: vec![ResourceLink {
                href: format!("evidence/{}", file.digest),
                hashes: vec![Hash {
                    algorithm: Token::Borrowed("SHA-256"),
                    value: Line::of(file.digest.as_str()),
                }],
            }],
            base64: None,
        };
        let named = evidence(&format!("{}: {}", file.name, file.shows), props());
        let observation = self.vouched(shown, vec![named], file.expires);
        (observation.referring(&resource), resource)
    }

    /// What somebody says or shows; it counts until it expires.
    fn vouched(
        &self,
        shown: Shown<'_>,
        evidence: Vec<RelevantEvidence>,
        expires: Option<Timestamp>,
    ) -> Observation {
        let expires = expires.map(Moment::of);
        Observation { expires, ..self.observation(shown, evidence) }
    }

    /// The closing event stands whole in the back matter, so that an assessor can compare its
    /// digest with the ledger's.
    fn closed(
        &self,
        basis: ClosureBasis,
        dead_since: Timestamp,
        sentences: &[String],
    ) -> (Observation, Resource) {
        let shown = Shown {
            title: "Closed",
            description: format!("Closed as {}: dead since {dead_since}.", basis.as_str()),
            types: &["closure"],
            method: "TEST",
            subject: system_subject(self.options),
            collected: self.step.recorded.at,
        };
        let resource = self.closing_event();
        let mut evidences = vec![evidence("The closing event, as the ledger holds it", Vec::new())];
        evidences.extend(sentences.iter().map(|sentence| evidence(sentence, Vec::new())));
        let mut observation = self.observation(shown, evidences);
        observation.props.extend([
            Prop::own(prop::BASIS, basis.as_str()),
            Prop::own(prop::DEAD_SINCE, dead_since.to_string()),
        ]);
        (observation.referring(&resource), resource)
    }

    fn closing_event(&self) -> Resource {
        #[expect(clippy::expect_used, reason = "an event is stored as JSON")]
        let text = serde_json::to_string(self.step.recorded).expect("an event is JSON");
        let id = self.item.id();
        Resource {
            uuid: self.names.resource(self.step.index),
            title: Markup::of(format!("Closing event of {id}")),
            description: Markup::of(format!(
                "Event {} of the history of {id}, as JSON. Its SHA-256 is given beside it.",
                self.step.index + 1
            )),
            props: vec![
                Prop::nist("type", "evidence"),
                Prop::own("sha256", Digest::of(text.as_bytes()).as_str()),
            ],
            rlinks: Vec::new(),
            base64: Some(Base64 {
                filename: Token::Owned(format!("{id}-event-{}.json", self.step.index + 1)),
                media_type: Token::Borrowed("application/json"),
                value: BASE64.encode(text.as_bytes()),
            }),
        }
    }
}

impl Observation {
    /// With its first evidence in the back matter.
    fn referring(mut self, resource: &Resource) -> Self {
        let href = format!("#{}", resource.uuid);
        if let Some(first) = self.relevant_evidence.first_mut() {
            first.href = Some(href.clone());
        }
        // Some readers follow only links.
        self.links.push(Link { href, rel: Token::Borrowed("reference") });
        self
    }
}

/// A file, by the SHA-256 of its bytes.
fn document(digest: &Digest) -> Prop {
    Prop::own("document-sha256", digest.as_str())
}

fn evidence(description: &str, props: Vec<Prop>) -> RelevantEvidence {
    RelevantEvidence { href: None, description: Markup::of(description), props }
}

/// Who brought an event about: the program, or a person.
pub(super) fn origin(recorded: &Recorded) -> Origin {
    let actor = match recorded.by.person_id() {
        Some(id) => OriginActor {
            r#type: Token::Borrowed("party"),
            actor_uuid: metadata::party(id),
            role_id: Some(ACTOR),
        },
        None => return tool_origin(),
    };
    Origin { actors: vec![actor] }
}

/// The program as an origin.
pub(super) fn tool_origin() -> Origin {
    let actor = OriginActor {
        r#type: Token::Borrowed("tool"),
        actor_uuid: metadata::tool(),
        role_id: None,
    };
    Origin { actors: vec![actor] }
}
