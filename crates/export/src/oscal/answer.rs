//! The answer of an issuer, as properties.

use super::document::Prop;
use quietus_model::{Control, Observation};

/// What an answer rests on, without anything of the request.
pub(super) fn answer_props(answer: &Observation) -> Vec<Prop> {
    let mut props = vec![
        Prop::own("answer-status", answer.status.to_string()),
        Prop::own("answer-clause", &answer.clause),
        Prop::own("recipe-sha256", answer.recipe.as_str()),
        Prop::own("recipe-custom", if answer.custom { "yes" } else { "no" }),
        Prop::own("pair-never-accepted", if answer.unpaired { "yes" } else { "no" }),
        Prop::own("negative-control", control_value(answer.control)),
        Prop::own("vantage", &answer.vantage),
        Prop::own("tool-version", &answer.tool),
    ];
    props.extend(answer.code.iter().map(|code| Prop::own("answer-code", code.as_str())));
    props.extend(answer.request_id.iter().map(|id| Prop::own("request-id", id.as_str())));
    props.extend(answer.issuer_date.iter().map(|date| Prop::own("issuer-date", date.as_str())));
    let identity = &answer.identity;
    let fields = identity.fields.iter();
    props.extend(fields.map(|(name, value)| Prop::own("identity", format!("{name} = {value}"))));
    props.extend(identity.scopes.iter().map(|scope| Prop::own("identity-scope", scope.as_str())));
    if let Some(privileged) = identity.privileged {
        props.push(Prop::own("identity-privileged", if privileged { "yes" } else { "no" }));
    }
    props
}

fn control_value(control: Control) -> &'static str {
    match control {
        Control::Denied => "denied",
        Control::NotSent => "not-sent",
    }
}
