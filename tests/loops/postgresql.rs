//! PostgreSQL: the password of a role, changed and changed back; and what only looks like its end.

use crate::server::{Papers, Server, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::{Password, World};
use std::path::Path;
use std::process::Command;

/// A cluster of its own, whose administrator comes in by the socket.
struct Postgresql {
    server: Server,
    psql: std::path::PathBuf,
    folder: std::path::PathBuf,
    port: u16,
}

impl Postgresql {
    /// `tls` has it show a certificate, and take nobody from the network without TLS.
    fn start(folder: &Path, tls: bool) -> Option<(Self, Papers)> {
        let postgres = installed("postgres")?;
        let initdb = postgres.with_file_name("initdb");
        let (folder, port) = (folder.join("postgresql"), free_port());
        std::fs::create_dir(&folder).unwrap();
        let data = folder.join("data");
        let mut command = Command::new(initdb);
        command.args(["-U", "admin", "--auth-local=trust", "--auth-host=scram-sha-256"]);
        command.args(["-E", "UTF8", "--no-sync", "-D"]).arg(&data);
        crate::server::as_service(&mut command, "postgres", &folder);
        let made = command.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let papers = Papers::of("postgres", &folder);
        let mut command = Command::new(postgres);
        if tls {
            let set = |name: &str, file: &Path| format!("{name}={}", file.display());
            command.args(["-c", "ssl=on"]);
            command.args(["-c", &set("ssl_cert_file", &papers.certificate)]);
            command.args(["-c", &set("ssl_key_file", &papers.key)]);
            let rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
            std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        }
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-F", "-k"]);
        command.arg(&folder);
        crate::server::as_service(&mut command, "postgres", &folder);
        let server = Server::start(&mut command, &folder);
        let psql = program("psql")?;
        let mut this = Self { server, psql, folder, port };
        let (psql, folder) = (this.psql.clone(), this.folder.clone());
        this.server.until(|| tell(&psql, &folder, port, "SELECT 1"));
        Some((this, papers))
    }

    fn sql(&self, text: &str) {
        assert!(tell(&self.psql, &self.folder, self.port, text), "{text}");
    }

    fn url(&self) -> String {
        format!("postgresql://127.0.0.1:{}", self.port)
    }

    fn leak(&self, password: &Password) -> Leak {
        let port = self.port;
        let text = format!("DATABASE_URL=postgresql://app:{password}@127.0.0.1:{port}/app\n");
        Leak { file: "db.env", text, secret: password.to_string() }
    }
}

/// A program of the server, which Debian keeps apart.
fn installed(name: &str) -> Option<std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let found = folders.filter_map(Result::ok).map(|entry| entry.path().join("bin").join(name));
    found.filter(|path| path.exists()).max().or_else(|| program(name))
}

fn tell(psql: &Path, folder: &Path, port: u16, text: &str) -> bool {
    let mut command = Command::new(psql);
    command.args(["-qAtX", "-U", "admin", "-p", &port.to_string(), "-d", "postgres", "-c", text]);
    command.arg("-h").arg(folder).output().unwrap().status.success()
}

fn world() -> Option<(World, Postgresql)> {
    let world = World::new()?;
    let (server, _) = Postgresql::start(&world.sandbox.path("tmp"), false)?;
    world.list_url("postgresql", &server.url());
    world.ask_once_a_day();
    Some((world, server))
}

#[test]
fn a_changed_password_of_a_role_is_dead_until_it_is_changed_back() {
    let Some((world, server)) = world() else { return };
    let (one, other) = (Password::new("one"), Password::new("other"));
    server.sql(&format!("CREATE ROLE app LOGIN PASSWORD '{one}'"));
    let set = |password: &Password| server.sql(&format!("ALTER ROLE app PASSWORD '{password}'"));
    life(
        &world,
        server.leak(&one),
        || set(&other),
        || {
            set(&one);
            Again::Same
        },
    );
}

#[test]
fn a_locked_role_a_closed_door_and_an_open_one_prove_nothing() {
    let Some((world, server)) = world() else { return };
    let password = Password::new("locked");
    server.sql(&format!("CREATE ROLE app LOGIN PASSWORD '{password}'"));
    let story = Story::leaked(&world, server.leak(&password));
    story.is_live();
    story.removed();
    server.sql("ALTER ROLE app NOLOGIN");
    story.learns_nothing("SQLSTATE 28000");
    server.sql("ALTER ROLE app LOGIN");
    world.wait_to_ask();
    story.is_live();
    let rules = |text: &str| {
        std::fs::write(server.folder.join("data/pg_hba.conf"), text).unwrap();
        server.sql("SELECT pg_reload_conf()");
    };
    rules("local all all trust\nhost all admin 127.0.0.1/32 scram-sha-256\n");
    story.learns_nothing("SQLSTATE 28000");
    rules("local all all trust\nhost all all 127.0.0.1/32 trust\n");
    server.sql("ALTER ROLE app PASSWORD NULL");
    story.learns_nothing("SQLSTATE 00000");
}

#[test]
fn over_tls_a_server_is_believed_whose_certificate_a_ca_of_the_users_signed() {
    let Some(world) = World::new() else { return };
    let Some((server, papers)) = Postgresql::start(&world.sandbox.path("tmp"), true) else {
        return;
    };
    world.list_url("postgresql", &server.url());
    world.ask_once_a_day();
    let password = Password::new("private");
    let set = |password: &Password| server.sql(&format!("ALTER ROLE app PASSWORD '{password}'"));
    server.sql("CREATE ROLE app LOGIN");
    set(&password);
    let story = Story::leaked(&world, server.leak(&password));
    story.learns_nothing("not trusted");
    world.trust(&papers.ca_pem);
    world.wait_to_ask();
    story.is_live();
    story.removed();
    set(&Password::new("next"));
    story.is_denied_once();
    story.is_closed_by_the_second_denial();
    set(&password);
    story.is_reopened();
}
