//! Whom claims speak of, and what that person may do here.

use super::{NoEntry, Person, ProviderSettings, disbelieved};
use quietus_poam::{Role, Roles};
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest name of a person, in bytes.
const LONGEST: usize = 200;

/// Everybody whom the provider signs in.
const EVERYBODY: &str = "*";

/// Whether the ID token leaves out what is needed, so that the provider must be asked for it.
pub(super) fn wants_more(claims: &Value, settings: &ProviderSettings) -> bool {
    let unverified = settings.name_claim == "email" && claims.get("email_verified").is_none();
    let in_groups = settings.roles.values().flatten().any(|group| group != EVERYBODY);
    found(claims, &settings.name_claim).is_none()
        || unverified
        || (in_groups && found(claims, &settings.groups_claim).is_none())
}

/// Who it is, with the roles they hold by their groups and by their id.
pub(super) fn person(claims: &Value, settings: &ProviderSettings) -> Result<Person, NoEntry> {
    let id = id(claims, &settings.name_claim)?;
    let groups = groups(claims, &settings.groups_claim);
    let holds = |named: &String| named == EVERYBODY || groups.contains(named.as_str());
    let by_group = settings.roles.iter().filter(|(_, named)| named.iter().any(holds));
    let mut roles: BTreeSet<Role> = by_group.map(|(role, _)| *role).collect();
    roles.extend(settings.people.named(&id));
    if roles.is_empty() {
        return Err(NoEntry::NoRole { who: id });
    }
    Ok(Person { id, roles: Roles::held(roles) })
}

fn id(claims: &Value, claim: &str) -> Result<String, NoEntry> {
    let named = found(claims, claim).and_then(Value::as_str).map(str::trim);
    let Some(named) = named.filter(|name| !name.is_empty()) else {
        let why = format!("it tells no \"{claim}\" of who signed in; see sign_in.name_claim");
        return Err(disbelieved(why));
    };
    // It stands in a history that is read in terminals, pages and spreadsheets.
    if named.len() > LONGEST || named.chars().any(char::is_control) {
        return Err(disbelieved(format!("the \"{claim}\" of who signed in is no name")));
    }
    if claim != "email" {
        // An account of a machine is nobody whom a provider can vouch for.
        if named.starts_with("os:") {
            return Err(disbelieved("it names an account of a machine"));
        }
        return Ok(named.to_owned());
    }
    // Anybody can write another's address into an account of theirs.
    let verified = &claims["email_verified"];
    if *verified != Value::Bool(true) && verified.as_str() != Some("true") {
        let why = "the address of who signed in is not verified; verify it at the provider, or name \
                   another claim in sign_in.name_claim";
        return Err(disbelieved(why));
    }
    if named.starts_with("os:") || !named.contains('@') {
        return Err(disbelieved("the address of who signed in is none"));
    }
    // One person must not be two by writing their address otherwise.
    Ok(named.to_lowercase())
}

fn groups<'c>(claims: &'c Value, claim: &str) -> BTreeSet<&'c str> {
    match found(claims, claim) {
        Some(Value::String(group)) => BTreeSet::from([group.as_str()]),
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

/// A claim by its name; or by a JSON pointer, where it stands within another.
fn found<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    let found = claims.get(name);
    let found = found.or_else(|| if name.starts_with('/') { claims.pointer(name) } else { None });
    found.filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use serde_json::json;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            issuer: "https://login.example.org".to_owned(),
            client_id: "quietus".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            name_claim: "email".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: [(Role::Approver, vec!["approvers".to_owned()])].into(),
            people: serde_json::from_value(json!({ "auditor": ["ann@example.org"] })).unwrap(),
            session: SignedDuration::from_hours(12),
        }
    }

    #[test]
    fn roles_come_by_group_and_by_id_and_from_nowhere_else() {
        let settings = settings();
        let ann = |groups: Value| {
            let email = json!({ "email": "Ann@Example.org", "email_verified": true });
            let mut claims = email;
            claims["groups"] = groups;
            person(&claims, &settings)
        };
        let both = ann(json!(["approvers", "others"])).unwrap();
        assert_eq!(both.id, "ann@example.org");
        assert_eq!(both.roles, Roles::held([Role::Approver, Role::Auditor]));
        for groups in
            [json!([]), json!("approver"), json!(7), json!(["*"]), json!({"approvers": 1})]
        {
            assert_eq!(ann(groups).unwrap().roles, Roles::held([Role::Auditor]));
        }
        let bob = json!({ "email": "bob@example.org", "email_verified": true, "groups": ["x"] });
        let who = "bob@example.org".to_owned();
        assert_eq!(person(&bob, &settings), Err(NoEntry::NoRole { who }));
        let everybody = [(Role::Viewer, vec!["*".to_owned()])].into();
        let open = ProviderSettings { roles: everybody, ..settings };
        assert_eq!(person(&bob, &open).unwrap().roles, Roles::held([Role::Viewer]));
    }

    #[test]
    fn nobody_signs_in_under_a_name_that_is_not_vouched_for() {
        let settings = settings();
        for claims in [
            json!({ "email": "ann@example.org", "groups": ["approvers"] }),
            json!({ "email": "ann@example.org", "email_verified": false }),
            json!({ "email": "ann@example.org", "email_verified": "false" }),
            json!({ "email": "os:0@host", "email_verified": true }),
            json!({ "email": "ann", "email_verified": true }),
            json!({ "email": " ", "email_verified": true }),
            json!({ "email": "a\u{7}nn@example.org", "email_verified": true }),
            json!({ "email": ["ann@example.org"], "email_verified": true }),
            json!({ "sub": "ann@example.org" }),
        ] {
            let refused = person(&claims, &settings);
            assert!(matches!(refused, Err(NoEntry::Disbelieved(_))), "{claims}: {refused:?}");
        }
        let by_sub = ProviderSettings { name_claim: "sub".to_owned(), ..settings };
        assert!(person(&json!({ "sub": "os:0" }), &by_sub).is_err());
    }

    #[test]
    fn groups_may_stand_within_another_claim() {
        let groups_claim = "/realm_access/roles".to_owned();
        let settings = ProviderSettings { groups_claim, ..settings() };
        let claims = json!({ "email": "c@example.org", "email_verified": true,
            "realm_access": { "roles": ["approvers"] } });
        assert!(!wants_more(&claims, &settings));
        assert_eq!(person(&claims, &settings).unwrap().roles, Roles::held([Role::Approver]));
    }
}
