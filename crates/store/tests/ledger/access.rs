//! Tokens and sessions, on both databases.

use crate::place::Place;
use crate::samples::at;
use quietus_model::Digest;
use quietus_poam::{Role, Roles};
use quietus_store::{AccessSession, AccessToken};

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn token(id: &str) -> AccessToken {
    AccessToken {
        id: id.to_owned(),
        subject: "ann@example.org".to_owned(),
        roles: Roles::held([Role::Approver, Role::Viewer]),
        made_at: at(0),
        expires_at: at(48),
        ended_at: None,
    }
}

fn session(token: Option<&str>) -> AccessSession {
    AccessSession {
        subject: "ann@example.org".to_owned(),
        roles: Roles::undivided(),
        proven: true,
        token: token.map(str::to_owned),
        made_at: at(1),
        expires_at: at(13),
    }
}

pub(crate) async fn a_token_lets_in_until_it_is_taken_back(place: &Place) {
    let ledger = place.ledger().await;
    // Every command that may need the tables makes them.
    ledger.prepare_access().await.unwrap();
    ledger.prepare_access().await.unwrap();
    let known = token("1");
    ledger.add_token(&known, &digest("a")).await.unwrap();
    assert!(ledger.add_token(&token("1"), &digest("b")).await.is_err(), "ids are taken once");
    assert!(ledger.add_token(&token("2"), &digest("a")).await.is_err(), "so are values");
    assert_eq!(ledger.token(&digest("a")).await.unwrap(), Some(known.clone()));
    assert_eq!(ledger.token(&digest("c")).await.unwrap(), None);
    assert!(known.is_valid(at(47)) && !known.is_valid(at(48)));
    assert!(ledger.end_token("1", at(2)).await.unwrap());
    assert!(!ledger.end_token("1", at(3)).await.unwrap(), "it was taken back already");
    assert!(!ledger.end_token("7", at(3)).await.unwrap());
    // As another process sees it.
    let kept = place.ledger().await.tokens().await.unwrap();
    assert_eq!(kept, [AccessToken { ended_at: Some(at(2)), ..known }]);
    assert!(!kept[0].is_valid(at(3)));
}

pub(crate) async fn a_session_ends_with_its_time_its_token_or_its_person(place: &Place) {
    let ledger = place.ledger().await;
    ledger.prepare_access().await.unwrap();
    ledger.add_token(&token("1"), &digest("a")).await.unwrap();
    ledger.add_session(&session(Some("1")), &digest("by token")).await.unwrap();
    ledger.add_session(&session(None), &digest("by provider")).await.unwrap();
    let foreign = ledger.add_session(&session(Some("9")), &digest("x")).await;
    assert!(foreign.is_err(), "no session without the token it was opened with");
    let lasts = async |name: &str, hour| ledger.session(&digest(name), at(hour)).await.unwrap();
    assert_eq!(lasts("by token", 2).await, Some(session(Some("1"))));
    assert_eq!(lasts("by provider", 12).await, Some(session(None)));
    assert_eq!(lasts("by provider", 13).await, None);
    assert_eq!(lasts("nobody", 2).await, None);
    ledger.end_token("1", at(3)).await.unwrap();
    assert_eq!(lasts("by token", 4).await, None, "its token was taken back");
    ledger.end_session(&digest("by provider"), at(4)).await.unwrap();
    assert_eq!(lasts("by provider", 5).await, None, "they signed out");
    assert!(ledger.verify().await.is_ok(), "none of it is part of the chain");
}
