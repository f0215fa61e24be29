//! OpenLDAP: the password of an entry, changed and changed back; and one that is locked.

use crate::server::{Server, free_port, program};
use crate::story::{Again, Leak, Story, life};
use crate::world::{Password, World};
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

const ENTRIES: &str = "dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: example\n\
                       dc: example\n\ndn: cn=policy,dc=example\nobjectClass: device\n\
                       objectClass: pwdPolicy\ncn: policy\npwdAttribute: userPassword\n\
                       pwdLockout: TRUE\npwdMaxFailure: 1\n\ndn: cn=reader,dc=example\n\
                       objectClass: person\nsn: reader\ncn: reader\n";

struct Slapd {
    _server: Server,
    port: u16,
    admin: Password,
}

impl Slapd {
    fn start(folder: &Path) -> Option<Self> {
        let slapd = program("slapd")?;
        let (port, admin) = (free_port(), Password::new("admin"));
        let folder = folder.join("ldap");
        std::fs::create_dir_all(folder.join("db")).unwrap();
        let place = folder.display();
        let config = format!(
            "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             moduleload ppolicy\npidfile {place}/pid\ndatabase mdb\nsuffix dc=example\n\
             rootdn cn=admin,dc=example\nrootpw {admin}\ndirectory {place}/db\noverlay ppolicy\n\
             ppolicy_default cn=policy,dc=example\nppolicy_use_lockout\n"
        );
        std::fs::write(folder.join("config"), config).unwrap();
        let mut command = Command::new(slapd);
        command.args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}"), "-f"]);
        command.arg(folder.join("config"));
        let mut server = Server::start(&mut command, &folder);
        server.until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let this = Self { _server: server, port, admin };
        this.change("ldapadd", ENTRIES)?;
        Some(this)
    }

    /// Adds or changes entries as the administrator does.
    fn change(&self, tool: &str, text: &str) -> Option<()> {
        let mut command = Command::new(program(tool)?);
        command.args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.port)]);
        command.args(["-D", "cn=admin,dc=example", "-w", self.admin.as_str()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{tool}: {text}");
        Some(())
    }

    fn set(&self, password: &Password) {
        let reader = "dn: cn=reader,dc=example\nchangetype: modify\nreplace: userPassword\n";
        self.change("ldapmodify", &format!("{reader}userPassword: {password}\n")).unwrap();
    }

    fn leak(&self, password: &Password) -> Leak {
        let text = format!("binddn cn=reader,dc=example\nbindpw {password}\n");
        Leak { file: "ldap.conf", text, secret: password.to_string() }
    }
}

fn world() -> Option<(World, Slapd)> {
    let world = World::new()?;
    let server = Slapd::start(&world.sandbox.path("tmp"))?;
    world.list_url("ldap", &format!("ldap://127.0.0.1:{}", server.port));
    world.ask_once_a_day();
    Some((world, server))
}

#[test]
fn a_changed_password_of_an_entry_is_dead_until_it_is_changed_back() {
    let Some((world, server)) = world() else { return };
    let (one, other) = (Password::new("one"), Password::new("other"));
    // Every failed bind would lock the entry: the story is of a directory without that.
    server
        .change("ldapmodify", "dn: cn=policy,dc=example\nchangetype: modify\ndelete: pwdLockout\n")
        .unwrap();
    server.set(&one);
    life(
        &world,
        server.leak(&one),
        || server.set(&other),
        || {
            server.set(&one);
            Again::Same
        },
    );
}

#[test]
fn a_locked_entry_proves_nothing() {
    let Some((world, server)) = world() else { return };
    let password = Password::new("locked");
    server.set(&password);
    let story = Story::leaked(&world, server.leak(&password));
    story.is_live();
    story.removed();
    let lock = "dn: cn=reader,dc=example\nchangetype: modify\nreplace: pwdAccountLockedTime\n\
                pwdAccountLockedTime: 000001010000Z\n";
    server.change("ldapmodify", lock).unwrap();
    story.learns_nothing("LDAP result 49");
}
