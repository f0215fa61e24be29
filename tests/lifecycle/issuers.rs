//! The wrong issuer denies it for ever; its own decides, once a person says which one that is.

use crate::issuer::Issuer;
use crate::sandbox::Sandbox;
use crate::world::{World, accepted, at, issuer, issuer_kind, listing, revoked, token};
use quietus_model::{Binding, Doubt, Target, Verdict};
use quietus_poam::{Action, Event};
use quietus_validate::Settings;

/// Nothing is listed; the public instance is asked, and `own` where somebody names it.
fn unlisted(public: &Issuer, own: &Issuer) -> Settings {
    Settings {
        instances: [].into(),
        hosts: vec![own.host()],
        allow_private: vec![public.host(), own.host()],
        ca_pem: Some([public.ca_pem(), own.ca_pem()].concat()),
        ..listing(public)
    }
}

/// A world in which the token left every head before it was found, so that only proof is missing.
async fn removed(token: &str, public: &Issuer) -> World {
    let mut world = World::new().await;
    world.public_issuer(public);
    let repository = world.repository("app");
    repository.commit(at(-3), "ci.env", &format!("TOKEN={token}\n"));
    repository.commit(at(-2), "ci.env", "TOKEN=${FROM_THE_VAULT}\n");
    world.track(&[repository.source()], None, at(0)).await;
    world
}

fn bind(to: &Issuer) -> Action {
    let target = Target { issuer: issuer_kind(), endpoint: to.url(), principal: None };
    Action::Bind { target, note: "the inventory names this host".to_owned() }
}

#[tokio::test]
async fn bound_to_its_own_issuer_it_goes_live_then_dead_then_closes() {
    let (public, own, token) = (issuer(), issuer(), token("wrong issuer"));
    own.set(&token, accepted());
    let world = removed(&token, &public).await;
    let asking = unlisted(&public, &own);
    for day in 1..=2 {
        world.retest(&asking, at(24 * day)).await;
    }
    assert_eq!((public.asked_about(&token), own.connections()), (2, 0));
    let item = world.item(&token).await;
    assert!(item.closure.is_none(), "two denials by the wrong issuer");
    assert_eq!(item.liveness(at(48)), "unknown");
    assert!(world.blockers(&token, at(48)).await.contains("so a denial there proves nothing"));

    world.act(&token, &bind(&own), "os:1@host", at(49)).await;
    assert!(world.item(&token).await.closure.is_none());
    world.retest(&asking, at(72)).await;
    assert_eq!(world.item(&token).await.liveness(at(72)), "live");
    own.set(&token, revoked());
    world.retest(&asking, at(96)).await;
    assert!(world.item(&token).await.closure.is_none(), "one denial by its issuer is too few");
    let outcome = world.retest(&asking, at(120)).await;
    assert_eq!(outcome.closed, [world.fingerprint(&token)]);
    let closure = world.exported(&token, at(120)).await.closure.unwrap();
    assert_eq!(closure.dead_since, at(96));
    let evidence = closure.evidence.join("\n");
    assert!(evidence.contains(&own.url()) && !evidence.contains(&public.url()), "{evidence}");
    let expected =
        ["judged dead", "judged dead", "bound", "judged dead", "judged live", "judged dead"];
    let events = world.events(&token).await;
    let judged = events.iter().filter(|e| e.starts_with("judged") || *e == "bound");
    assert_eq!(judged.take(6).collect::<Vec<_>>(), expected);
    // Live again there, whatever the public one says, it is open again.
    own.set(&token, accepted());
    let outcome = world.retest(&asking, at(144)).await;
    assert_eq!(outcome.reopened, [world.fingerprint(&token)]);
}

#[tokio::test]
async fn who_may_write_to_the_ledger_learns_no_secret_by_binding_it() {
    let (public, theirs, token) = (issuer(), issuer(), token("bound to a stranger"));
    let world = removed(&token, &public).await;
    world.act(&token, &bind(&theirs), "os:1@host", at(1)).await;
    let asking = Settings { hosts: Vec::new(), ..unlisted(&public, &theirs) };
    for day in 1..=3 {
        world.retest(&asking, at(24 * day)).await;
    }
    assert_eq!(theirs.connections(), 0);
    let item = world.item(&token).await;
    assert!(item.closure.is_none());
    let refused = item.history.iter().filter(|recorded| {
        matches!(&recorded.event, Event::Judged { judgement }
            if judgement.target.endpoint == theirs.url()
                && judgement.binding == Binding::Unbound
                && matches!(judgement.verdict, Verdict::Indeterminate(Doubt::Refused { .. })))
    });
    assert_eq!(refused.count(), 3);
}

#[test]
fn the_command_names_what_is_not_listed_and_binds_a_single_case() {
    let sandbox = Sandbox::new();
    let (public, own, token) = (issuer(), issuer(), token("bound by command"));
    own.set(&token, accepted());
    let repository = sandbox.repository("work/app");
    repository.commit("ci.env", format!("GITLAB_TOKEN={token}\n"), "Add CI");
    let ca = sandbox.write("ca.pem", [public.ca_pem(), own.ca_pem()].concat());
    let configure = |more: &str| {
        let text = format!(
            "[endpoints]\n{} = \"{}\"\n[validate]\nca_file = \"{}\"\n\
             allow_private = [\"127.0.0.0/8\"]\n{more}",
            issuer_kind(),
            public.url(),
            ca.display(),
        );
        sandbox.write("config/quietus/config.toml", text);
    };
    configure("");
    sandbox.run(&["track", repository.arg(), "--validate"]).exits(1);
    let line = r#"gitlab = ["https://gitlab.com", "https://gitlab.example"]"#;
    for command in ["doctor", "init"] {
        let said = sandbox.run(&[command]);
        let out = said.exits(0).out();
        assert!(out.contains("[issuers]") && out.contains(line), "{command}: {out}");
    }
    let doctor = sandbox.run(&["doctor"]).out();
    assert!(doctor.contains("gitlab (1 open item)"), "{doctor}");

    let host = own.host();
    let bind = |to: &str| {
        let note = "the inventory names this host";
        sandbox.run(&["item", "act", "V-1", "--as", "ann", "bind", to, "--note", note])
    };
    bind("http://own.example").exits(2).complains(&["the scheme must be https"]);
    let named = format!("hosts = [\"{host}\"]");
    bind(&host).exits(0).complains(&["nothing is sent to", &named]);
    let shown = sandbox.run(&["item", "show", "V-1"]).exits(0).out();
    assert!(shown.contains(&format!("bound to gitlab at {}", own.url())), "{shown}");
    assert!(shown.contains("claims ann"), "{shown}");
    let doctor = sandbox.run(&["doctor"]).out();
    assert!(!doctor.contains("gitlab (1 open item)"), "it is settled: {doctor}");
    sandbox.run(&["retest", "V-1", "--validate"]);
    assert_eq!(own.connections(), 0);
    configure(&named);
    sandbox.run(&["retest", "V-1", "--validate"]).exits(6);
    assert_eq!(own.asked_about(&token), 1);
}

/// Of many credentials some are asked about before Ctrl-C: what was answered is kept.
#[test]
#[cfg(unix)]
fn stopped_while_it_asks_it_keeps_what_was_answered() {
    use std::process::Command;
    use std::time::{Duration, Instant};
    const ALL: usize = 40;
    let sandbox = Sandbox::new();
    let issuer = issuer();
    let tokens: Vec<String> = (0..ALL).map(|number| token(&format!("stop {number}"))).collect();
    let lines: Vec<String> = tokens.iter().map(|token| format!("TOKEN={token}\n")).collect();
    tokens.iter().for_each(|token| issuer.set(token, accepted()));
    sandbox.repository("work/app").commit("ci.env", lines.concat(), "Add CI");
    crate::configured::configure(&sandbox, &issuer);
    let file = sandbox.path("config/quietus/config.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config + "calls_per_second = 2\n").unwrap();
    sandbox.run(&["track", "app"]).exits(1);

    let mut child = sandbox.command(&["retest", "--all", "--validate"]).spawn().unwrap();
    let begun = Instant::now();
    while issuer.requests().len() < 5 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut kill = Command::new("kill");
    assert!(kill.args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let stopped = Instant::now();
    let code = child.wait().unwrap().code();
    assert!(stopped.elapsed() < Duration::from_secs(10), "{:?}", stopped.elapsed());
    assert_eq!(code, Some(6), "some of them are live");
    let items = sandbox.run(&["item", "list", "--format", "json"]).exits(0).json();
    let items = items.as_array().unwrap();
    let live = items.iter().filter(|item| item["liveness"] == "live").count();
    assert!(live > 0 && live < 10 && items.len() == ALL, "{live} of {}", items.len());
    sandbox.run(&["ledger", "verify"]).exits(0);
}
