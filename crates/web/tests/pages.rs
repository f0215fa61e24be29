//! What pages say, over HTTP, and what is recorded when somebody acts on them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/client.rs"]
mod client;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/served.rs"]
mod served;

use client::Browser;
use quietus_poam::{Actor, Event, Role};
use served::{Served, Setup};

async fn opened(items: usize) -> (Served, Browser) {
    let served = Served::start(items, 0, false).await;
    let browser = Browser::entered(served.address, &served.link).await;
    (served, browser)
}

#[tokio::test]
async fn the_board_counts_what_it_lists() {
    let (served, browser) = opened(130).await;
    let items = served.ledger.items().await.unwrap();
    let now = crowd::now();
    let open = items.iter().filter(|item| item.is_active()).count();
    let overdue = items.iter().filter(|item| item.is_overdue(now)).count();
    let live = items.iter().filter(|i| i.closure.is_none() && i.liveness(now) == "live").count();
    assert!(open > 50 && overdue > 0 && live > 0);
    let board = browser.get("/").await;
    board.is(200).says(&format!("<b>{open}</b> Open")).says(&format!("<b>{live}</b> Live now"));
    board.says(&format!("<b>{overdue}</b> Overdue")).says(&format!("1 to 50 of {open}"));
    let mut listed = 0;
    for page in 1..=open.div_ceil(50) {
        listed +=
            browser.get(&format!("/?page={page}")).await.body.matches("href=\"/items/").count();
    }
    assert_eq!(listed, open);
    // A page beyond the end is the last one.
    browser.get("/?page=999").await.is(200).says(&format!("to {open} of {open}"));
}

#[tokio::test]
async fn filters_stand_in_the_address_and_narrow_every_view() {
    let (served, browser) = opened(60).await;
    let items = served.ledger.items().await.unwrap();
    let wanted = &items[7];
    let print = wanted.fingerprint().to_string();
    let found = browser.get(&format!("/?show=all&q={print}")).await;
    found.is(200).says("1 shown").says(&format!("href=\"/items/{}\"", wanted.id()));
    let high = items.iter().filter(|item| item.detection.severity.as_str() == "high").count();
    let page = browser.get("/?show=all&severity=high").await;
    page.is(200).says(&format!("<b>{high}</b> All")).says("severity=high");
    browser.get("/?q=nothing+is+called+that").await.is(200).says("Nothing here fits these filters");
    browser.get("/?show=nonsense").await.is(400).says("is not one of the board");
    let nobody = items.iter().filter(|item| item.owner.is_none()).count();
    browser.get("/?show=all&owner=nobody").await.is(200).says(&format!("<b>{nobody}</b> All"));
}

#[tokio::test]
async fn an_empty_ledger_says_what_to_do() {
    let (_served, browser) = opened(0).await;
    browser
        .get("/")
        .await
        .is(200)
        .says("No leaked credentials are known")
        .says("quietus track PATH");
    browser.get("/metrics").await.is(200).says("nothing to count yet");
    browser.get("/items/V-1").await.is(404).says("no item");
    browser.get("/repositories").await.is(200);
}

#[tokio::test]
async fn an_item_tells_its_story_and_nothing_in_it_is_obeyed() {
    let (served, browser) = opened(26).await;
    for item in served.ledger.items().await.unwrap() {
        let page = browser.get(&format!("/items/{}", item.id())).await;
        page.is(200).says(&item.id()).says(&item.fingerprint().to_string());
        page.never_says("<script>alert").never_says("style=").never_says("onclick");
        page.says("Milestones").says("History").says("Done when:");
        let print = browser.get(&format!("/items/{}?view=print", item.id())).await;
        print.is(200).never_says("What you can do");
        // A fingerprint leads to the same page.
        let named = browser.get(&format!("/items/{}", item.fingerprint())).await;
        assert_eq!(
            named.is(303).header("location"),
            Some(format!("/items/{}", item.id()).as_str())
        );
    }
    for bad in ["V-0", "V-27", "V-99999999999999999999", "x", "V-1%0d%0aSet-Cookie:%20a=b", "%00"] {
        let page = browser.get(&format!("/items/{bad}")).await;
        assert!([400, 404].contains(&page.status), "{bad}: {page:?}");
        assert!(page.header("set-cookie").is_none(), "{bad}");
    }
}

#[tokio::test]
async fn metrics_and_repositories_agree_with_the_command() {
    let (served, browser) = opened(52).await;
    let items = served.ledger.items().await.unwrap();
    let metrics =
        quietus_metrics::Metrics::of(&items, 16, &quietus_poam::Policy::default(), crowd::now());
    let page = browser.get("/metrics").await;
    page.is(200).says("<svg").says("Published: more than 90 %").says("not watched");
    page.says(&format!("of {} open", metrics.all.backlog.open)).never_says("style=");
    let page = browser.get("/repositories").await;
    page.is(200).says("git.example.org/payments/billing").says("last scan incomplete");
}

#[tokio::test]
async fn what_somebody_does_is_recorded_as_theirs() {
    let (served, _) = opened(26).await;
    let token = served.token("ada@example.org", [Role::Analyst]).await;
    let browser = Browser::signed_in(served.address, &token).await;
    let answer = browser.act("V-1", "assign", &[("to", "team <blue>")]).await;
    assert_eq!(answer.is(303).header("location"), Some("/items/V-1?done=assign"));
    let page = browser.get("/items/V-1?done=assign").await;
    page.is(200).says("Recorded: team &#60;blue&#62;").says("ada@example.org");
    let item = served.ledger.find_items("V-1").await.unwrap().remove(0);
    let last = item.history.last().unwrap();
    assert!(
        matches!(&last.event, Event::Assigned { owner } if owner.name.as_str() == "team <blue>")
    );
    let Actor::Person { id, authenticated, .. } = &last.by else { panic!("{last:?}") };
    assert_eq!((id.as_str(), *authenticated), ("ada@example.org", true));
    served.ledger.verify().await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_explained_and_what_was_typed_is_kept() {
    let (served, browser) = opened(26).await;
    let before = served.ledger.head().await.unwrap();
    let open = served.ledger.items().await.unwrap();
    let open = open.iter().find(|item| item.is_active() && item.earlier_rounds.is_empty());
    let open = open.unwrap().id();
    let form = [("kind", "false-positive"), ("reason", "too short"), ("until", "")];
    let answer = browser.act(&open, "dismiss", &form).await;
    answer.is(422).says("Not done: ").says("at least 15 characters").says(">too short</textarea>");
    let answer = browser.act(
        &open,
        "extend",
        &[
            ("milestone", "rotate"),
            ("due", "not-a-date"),
            ("reason", "the vendor needs more time for it"),
        ],
    );
    answer.await.is(422).says("is no date; write it as YYYY-MM-DD");
    let answer = browser.act(&open, "claim", &[("milestone", "boss"), ("note", "x")]).await;
    answer.is(422).says("is none of: rotate, revoke, remove, retest");
    assert_eq!(served.ledger.head().await.unwrap(), before);
}

#[tokio::test]
async fn what_changed_meanwhile_is_decided_anew() {
    let (served, browser) = opened(26).await;
    let page = browser.get("/items/V-1").await;
    let (key, version) = (page.hidden("key"), page.hidden("version"));
    browser.act("V-1", "note", &[("note", "I was faster")]).await.is(303);
    let form = [("key", key.as_str()), ("version", version.as_str()), ("note", "slow words")];
    let answer = browser.post("/items/V-1/actions/note", &form).await;
    answer.is(409).says("Nothing was done").says("slow words</textarea>").says("I was faster");
    let item = served.ledger.find_items("V-1").await.unwrap().remove(0);
    assert!(!format!("{:?}", item.history).contains("slow words"));
}

#[tokio::test]
async fn what_another_process_appends_is_seen() {
    let (served, browser) = opened(13).await;
    browser.get("/").await.is(200).says("<b>13</b> All");
    crowd::fill(&served.ledger, 13, 20).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    browser.get("/").await.is(200).says("<b>20</b> All");
    browser.get("/items/V-20").await.is(200).says(&crowd::print(20).to_string());
    // More than are read one by one.
    crowd::fill(&served.ledger, 20, 400).await;
    for _ in 0..40 {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        if browser.get("/").await.body.contains("<b>400</b> All") {
            let numbered = served.ledger.items().await.unwrap();
            let page = browser.get("/items/V-333").await;
            page.is(200).says(&numbered[332].fingerprint().to_string());
            return;
        }
    }
    panic!("never seen");
}

#[tokio::test]
async fn time_moves_items_though_nothing_is_appended() {
    let served = Served::of(Setup { items: 60, ..Setup::default() }).await;
    let browser = Browser::entered(served.address, &served.link).await;
    let count = |body: &str| {
        let at = body.find("</b> Overdue").unwrap();
        let from = body[..at].rfind("<b>").unwrap() + 3;
        body[from..at].parse::<usize>().unwrap()
    };
    let before = count(&browser.get("/").await.body);
    served.minutes.store(60 * 11, std::sync::atomic::Ordering::SeqCst);
    assert!(count(&browser.get("/").await.body) >= before);
    // The session ends after half a day.
    served.minutes.store(60 * 13, std::sync::atomic::Ordering::SeqCst);
    let answer = browser.get("/metrics").await;
    assert_eq!(answer.is(303).header("location"), Some("/sign-in?next=%2Fmetrics"));
}
