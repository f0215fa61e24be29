//! Serves a made-up ledger of any size for looking at, measuring and trying:
//! `cargo run --example crowd -- [ITEMS] [PORT]`. The link to open is printed first, then a token of
//! each role.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example ends when it fails")]

#[path = "../tests/support/crowd.rs"]
mod crowd;
#[path = "../tests/support/served.rs"]
mod served;

use quietus_poam::{Role, Roles};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let items = arguments.next().map_or(200, |count| count.parse().unwrap());
    let port = arguments.next().map_or(8419, |port| port.parse().unwrap());
    let writes = arguments.next().is_some_and(|word| word == "--writer");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let served = served::Served::start(items, port, true).await;
        println!("{}", served.link);
        for role in Role::ALL {
            println!("{role} {}", served.token(&format!("{role}@example.org"), [role]).await);
        }
        println!("everything {}", served.token_with("all@example.org", Roles::undivided()).await);
        let mut last = items;
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            if writes {
                crowd::fill(&served.ledger, last, last + 20).await;
                last += 20;
            }
        }
    });
}
