//! A mail server that wants TLS first: the password of a mailbox, changed and changed back.

use crate::server::{Papers, Server, free_port, there, tool};
use crate::story::{Again, Leak, Story, life};
use crate::world::{Password, World};
use std::cell::RefCell;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

const PROGRAM: &str = include_str!("mail_server.py");

struct Mail {
    server: RefCell<Server>,
    log: PathBuf,
    told: RefCell<usize>,
    port: u16,
}

impl Mail {
    fn start(world: &World) -> Option<Self> {
        let python = tool("venv/bin/python")?;
        there(python.with_file_name("aiosmtpd"))?;
        let (folder, port) = (world.sandbox.path("tmp"), free_port());
        let papers = Papers::of("root", &folder);
        let script = world.sandbox.write("tmp/mail_server.py", PROGRAM);
        let mut command = Command::new(python);
        command.arg(script).arg(port.to_string()).arg(&papers.certificate).arg(&papers.key);
        let mut server = Server::start(&mut command, &folder);
        server.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        world.trust(&papers.ca_pem);
        world.list_url("smtp", &format!("smtp://127.0.0.1:{port}"));
        world.ask_once_a_day();
        let log = folder.join("server.log");
        Some(Self { server: RefCell::new(server), log, told: RefCell::new(0), port })
    }

    /// From now on the mailbox has this password.
    fn set(&self, password: &Password) {
        self.tell(password.as_str());
    }

    fn tell(&self, password: &str) {
        let mut server = self.server.borrow_mut();
        *self.told.borrow_mut() += 1;
        server.tell(&format!("mailer {password}"));
        let told = *self.told.borrow();
        let is_told =
            || self.said().lines().filter(|line| line.starts_with("set ")).count() >= told;
        server.until(is_told);
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn leak(&self, password: &Password) -> Leak {
        let text = format!("EMAIL_URL=smtp://mailer:{password}@127.0.0.1:{}\n", self.port);
        Leak { file: "mail.env", text, secret: password.to_string() }
    }
}

#[test]
fn a_changed_password_of_a_mailbox_is_dead_once_it_was_accepted() {
    let Some(world) = World::new() else { return };
    let Some(mail) = Mail::start(&world) else { return };
    let (one, other) = (Password::new("mailbox"), Password::new("next"));
    mail.set(&one);
    let revive = || {
        mail.set(&one);
        Again::Same
    };
    life(&world, mail.leak(&one), || mail.set(&other), revive);
    assert!(!mail.said().contains("mail came"), "nothing is sent to find out");

    let known = world.ids().remove(0);

    // What the server never accepted it may deny for other reasons.
    let never = Leak { file: "old.env", ..mail.leak(&Password::new("never")) };
    let never = Story::leaked(&world, never);
    never.removed();
    never.learns_nothing("never_accepted");

    // A server that is busy denies nothing.
    mail.tell("busy");
    let busy = Story { world: &world, file: "mail.env", id: known };
    busy.learns_nothing("SMTP 454 4.7.0");
}
