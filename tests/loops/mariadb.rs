//! MariaDB: the password of an account, changed and changed back; and an account that is locked.

use crate::server::{Papers, Server, as_service, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::{Password, World};
use std::path::{Path, PathBuf};
use std::process::Command;

struct Mariadb {
    _server: Server,
    client: PathBuf,
    socket: PathBuf,
    port: u16,
}

impl Mariadb {
    /// `tls` has it show a certificate, and take nobody from the network without TLS.
    fn start(folder: &Path, tls: bool) -> Option<(Self, Papers)> {
        let (server, client) = (program("mariadbd")?, program("mariadb")?);
        let install = program("mariadb-install-db")?;
        let (folder, port) = (folder.join("mariadb"), free_port());
        std::fs::create_dir(&folder).unwrap();
        let (data, socket) = (folder.join("data"), folder.join("socket"));
        let mut command = Command::new(install);
        command.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
        command.arg("--skip-test-db").arg(format!("--datadir={}", data.display()));
        as_service(&mut command, "mysql", &folder);
        let made = command.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut command = Command::new(server);
        command.args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-flush-method=nosync"]);
        command.arg(format!("--port={port}")).arg(format!("--datadir={}", data.display()));
        command.arg(format!("--socket={}", socket.display()));
        command.arg(format!("--pid-file={}", folder.join("pid").display()));
        let papers = Papers::of("mysql", &folder);
        if tls {
            command.arg("--require-secure-transport=ON");
            command.arg(format!("--ssl-cert={}", papers.certificate.display()));
            command.arg(format!("--ssl-key={}", papers.key.display()));
        }
        as_service(&mut command, "mysql", &folder);
        let mut server = Server::start(&mut command, &folder);
        server.until(|| tell(&client, &socket, "SELECT 1"));
        Some((Self { _server: server, client, socket, port }, papers))
    }

    fn sql(&self, text: &str) {
        assert!(tell(&self.client, &self.socket, text), "{text}");
    }

    fn leak(&self, password: &Password) -> Leak {
        let port = self.port;
        let text = format!("DATABASE_URL=mysql://app:{password}@127.0.0.1:{port}/app\n");
        Leak { file: "db.env", text, secret: password.to_string() }
    }
}

fn tell(client: &Path, socket: &Path, text: &str) -> bool {
    let mut command = Command::new(client);
    command.args(["--no-defaults", "-uroot", "-e", text, "-S"]).arg(socket);
    command.output().unwrap().status.success()
}

fn world() -> Option<(World, Mariadb)> {
    let (world, server, _) = world_where(false)?;
    Some((world, server))
}

fn world_where(tls: bool) -> Option<(World, Mariadb, Papers)> {
    let world = World::new()?;
    let (server, papers) = Mariadb::start(&world.sandbox.path("tmp"), tls)?;
    world.list_url("mysql", &format!("mysql://127.0.0.1:{}", server.port));
    world.ask_once_a_day();
    Some((world, server, papers))
}

#[test]
fn a_changed_password_of_an_account_is_dead_until_it_is_changed_back() {
    let Some((world, server)) = world() else { return };
    let (one, other) = (Password::new("one"), Password::new("other"));
    let set = |verb: &str, password: &Password| {
        server.sql(&format!("{verb} USER app@'%' IDENTIFIED BY '{password}'"));
    };
    set("CREATE", &one);
    life(
        &world,
        server.leak(&one),
        || set("ALTER", &other),
        || {
            set("ALTER", &one);
            Again::Same
        },
    );
}

#[test]
fn a_locked_account_proves_nothing() {
    let Some((world, server)) = world() else { return };
    let password = Password::new("locked");
    server.sql(&format!("CREATE USER app@'%' IDENTIFIED BY '{password}'"));
    let story = Story::leaked(&world, server.leak(&password));
    story.is_live();
    story.removed();
    server.sql("ALTER USER app@'%' ACCOUNT LOCK");
    story.learns_nothing("MySQL error 4151");
}

#[test]
fn an_account_that_may_not_come_from_here_does_not_close() {
    let Some((world, server)) = world() else { return };
    let password = Password::new("elsewhere");
    // The password is right, and denied as if it were wrong.
    server.sql(&format!("CREATE USER app@'192.0.2.1' IDENTIFIED BY '{password}'"));
    let story = Story::leaked(&world, server.leak(&password));
    story.removed();
    story.learns_nothing("never_accepted");
}

#[test]
fn over_tls_a_server_is_believed_whose_certificate_a_ca_of_the_users_signed() {
    let Some((world, server, papers)) = world_where(true) else { return };
    let (one, other) = (Password::new("one"), Password::new("other"));
    let set = |verb: &str, password: &Password| {
        server.sql(&format!("{verb} USER app@'%' IDENTIFIED BY '{password}'"));
    };
    set("CREATE", &one);
    let story = Story::leaked(&world, server.leak(&one));
    story.learns_nothing("not trusted");
    world.trust(&papers.ca_pem);
    world.wait_to_ask();
    story.is_live();
    story.removed();
    set("ALTER", &other);
    story.is_denied_once();
    story.is_closed_by_the_second_denial();
    set("ALTER", &one);
    story.is_reopened();
}
