//! The forms in which a file can hide a key: encoded, in another charset, in archives and documents.
//!
//! Each is committed and scanned, deleted again and scanned, and put into the work tree under a hidden
//! name that git ignores.

use crate::sandbox::{Repository, Sandbox};
use crate::{Told, canary, scan};
use std::process::Command;

/// How a form is told: the names that lead to it inside its file, and what has to be undone.
type As = (&'static str, &'static [&'static str]);

/// What a shell leaves in `made`, where `plain.env` holds the key.
fn made(key: &str, commands: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain.env"), plain(key)).unwrap();
    let mut shell = Command::new("sh");
    let ran = shell.args(["-ec", commands]).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "tests/tools.sh installs what is needed: {commands}: {ran:?}");
    std::fs::read(folder.path().join("made")).unwrap()
}

fn python(key: &str, program: &str) -> Vec<u8> {
    let begin = "import sys\nplain = open('plain.env').read()\nkey = plain.split('=')[1].strip()\n";
    let program = format!("{begin}{program}").replace('\'', "'\\''");
    made(key, &format!("python3 -c '{program}'"))
}

fn plain(key: &str) -> String {
    format!("# Settings of the test system\nTOKEN={key}\n")
}

fn utf16(key: &str, unit: fn(u16) -> [u8; 2], mark: &str) -> Vec<u8> {
    format!("{mark}{}", plain(key)).encode_utf16().flat_map(unit).collect()
}

fn places(told: &Told, key: &str) -> Vec<(String, As2)> {
    let findings = told.0["findings"].as_array().unwrap().iter().filter(|f| f["secret"] == key);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let place = |f: &serde_json::Value| {
        let decoded = f["decoded"].as_array().unwrap().iter().map(text).collect();
        (text(&f["path"]), (text(&f["inside"]), decoded))
    };
    findings.map(place).collect()
}

/// The same as it was told.
type As2 = (String, Vec<String>);

/// Plants a file in this form, and asks for it wherever it can be.
fn probe(form: &str, file: &str, bytes: impl Fn(&str) -> Vec<u8>, told_as: As) {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("work/app");
    let ignored = ".cache/local.bin";
    repository.commit(".gitignore", ".cache/\n", "Begin");
    let (key, other) = (canary::token(form), canary::token(&format!("{form} in the tree")));
    let expected = |path: &str| {
        let decoded = told_as.1.iter().map(|&layer| layer.to_owned()).collect();
        vec![(path.to_owned(), (told_as.0.to_owned(), decoded))]
    };
    let planted = bytes(&key);
    let shows = planted.windows(key.len()).any(|window| window == key.as_bytes());
    assert!(shows || !told_as.1.is_empty(), "{form}");
    repository.commit(file, &planted, "Add");
    repository.write(ignored, bytes(&other));
    let told = scan(&sandbox, &repository.path);
    assert_eq!(places(&told, &key), expected(file), "{form} at the head: {:#}", told.0);
    assert_eq!(places(&told, &other), expected(ignored), "{form} in the tree: {:#}", told.0);
    assert_eq!(told.gaps(), [], "{form}: {:#}", told.0);
    gone(&repository, file);
    let told = scan(&sandbox, &repository.path);
    assert_eq!(places(&told, &key), expected(file), "{form} in history: {:#}", told.0);
}

/// Deletes the file, so that only a pack has it.
fn gone(repository: &Repository<'_>, file: &str) {
    repository.git(&["rm", "-q", file]);
    repository.git(&["commit", "-q", "-m", "Delete"]);
    repository.git(&["repack", "-adq"]);
    repository.git(&["prune-packed"]);
}

/// One test for each form: its file, how it is made of a key, and how it is told.
macro_rules! forms {
    ($($name:ident: $file:literal, $make:expr, ($inside:literal, [$($layer:literal),*]);)+) => {
        $(#[test]
        fn $name() {
            probe(stringify!($name), $file, $make, ($inside, &[$($layer),*]));
        })+
    };
}

forms! {
    utf16_le: "a.txt", |key| utf16(key, u16::to_le_bytes, ""), ("", ["utf-16le"]);
    utf16_be: "a.txt", |key| utf16(key, u16::to_be_bytes, ""), ("", ["utf-16be"]);
    utf16_le_marked: "a.txt", |key| utf16(key, u16::to_le_bytes, "\u{feff}"), ("", ["utf-16le"]);
    utf16_be_marked: "a.txt", |key| utf16(key, u16::to_be_bytes, "\u{feff}"), ("", ["utf-16be"]);
    utf8_marked: "a.env", |key| format!("\u{feff}TOKEN={key}\n").into_bytes(), ("", []);
    latin1: "a.txt", |key| [b"Schl\xfcssel\n", plain(key).as_bytes()].concat(), ("", []);
    base64: "a.yaml", |key| {
        format!("data: {}\n", data_encoding::BASE64.encode(plain(key).as_bytes())).into_bytes()
    }, ("", ["base64"]);
    base64_wrapped: "a.b64", |key| made(key, "seq 40 >>plain.env; base64 plain.env >made"),
        ("", ["base64"]);
    base64_twice: "a.yaml", |key| made(key, "base64 -w0 plain.env | base64 -w0 >made"),
        ("", ["base64", "base64"]);
    base64url: "a.txt", |key| {
        let text = format!("~~~???>>>{}", plain(key));
        data_encoding::BASE64URL.encode(text.as_bytes()).into_bytes()
    }, ("", ["base64url"]);
    hex: "a.txt", |key| data_encoding::HEXLOWER.encode(plain(key).as_bytes()).into_bytes(),
        ("", ["hex"]);
    percent: "a.url", |key| {
        plain(key).bytes().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes()
    }, ("", ["percent"]);
    unicode_escapes: "a.json", |key| {
        let text: String = plain(key).bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        format!("{{\"text\": \"{text}\"}}\n").into_bytes()
    }, ("", ["escapes"]);
    html_entities: "a.html", |key| {
        let text: String = plain(key).bytes().map(|byte| format!("&#{byte};")).collect();
        format!("<p>{text}</p>\n").into_bytes()
    }, ("", ["entities"]);
    quoted_printable: "a.txt", |key| {
        let (begin, end) = key.split_at(20);
        format!("a line\nTOKEN=3D{begin}=\n{end}=3D\n").into_bytes()
    }, ("", ["quoted-printable"]);
    colours: "a.log", |key| format!("\u{1b}[1;32m{key}\u{1b}[0m\n").into_bytes(), ("", ["colours"]);
    gzip: "a.env.gz", |key| made(key, "gzip -nc plain.env >made"), ("contents", ["gzip"]);
    bzip2: "a.env.bz2", |key| made(key, "bzip2 -c plain.env >made"), ("contents", ["bzip2"]);
    xz: "a.env.xz", |key| made(key, "xz -c plain.env >made"), ("contents", ["xz"]);
    zstd: "a.env.zst", |key| made(key, "zstd -qc plain.env >made"), ("contents", ["zstd"]);
    tar: "a.tar", |key| made(key, "tar -cf made plain.env"), ("plain.env", ["tar"]);
    tar_xz: "a.tar.xz", |key| made(key, "tar -cJf made plain.env"),
        ("contents!/plain.env", ["xz", "tar"]);
    zip_in_zip: "a.zip", |key| {
        made(key, "zip -q inner.zip plain.env; zip -q made.zip inner.zip; mv made.zip made")
    }, ("inner.zip!/plain.env", ["zip", "zip"]);
    jar: "a.jar", |key| {
        made(key, "mkdir META-INF; echo 'Manifest-Version: 1.0' >META-INF/MANIFEST.MF; \
                   zip -qr made.zip META-INF plain.env; mv made.zip made")
    }, ("plain.env", ["zip"]);
    wheel: "a-1.0-py3-none-any.whl", |key| {
        made(key, "mkdir a; mv plain.env a/settings.py; zip -qr made.zip a; mv made.zip made")
    }, ("a/settings.py", ["zip"]);
    base64_in_zip: "a.zip", |key| {
        made(key, "base64 -w0 plain.env >b; zip -q made.zip b; mv made.zip made")
    }, ("b", ["zip", "base64"]);
    notebook: "a.ipynb", |key| python(key, r#"
import json
half = len(key) // 2
lines = ["print(1)\n", "token = \"" + key + "\"\n"]
cell = {"cell_type": "code", "source": [], "outputs": [{"text": lines}]}
text = json.dumps({"cells": [cell], "nbformat": 4}).replace(key, "".join("\\u%04x" % ord(c) for c in key))
open("made", "w").write(text)"#), ("", ["escapes"]);
    docx: "a.docx", |key| python(key, r#"
import zipfile
space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
half = len(key) // 2
runs = "".join("<w:r><w:t>%s</w:t></w:r>" % part for part in [key[:half], key[half:]])
text = "<w:document xmlns:w=\"%s\"><w:p>%s</w:p></w:document>" % (space, runs)
with zipfile.ZipFile("made", "w", zipfile.ZIP_DEFLATED) as out:
    out.writestr("word/document.xml", text)"#), ("word/document.xml!/text", ["zip", "office"]);
    sqlite: "a.db", |key| python(key, r#"
import sqlite3
base = sqlite3.connect("made")
base.execute("create table a (name text, value blob)")
base.execute("insert into a values (?, ?)", ("wide", key.encode("utf-16-le")))
base.commit()"#), ("a 1 value", ["sqlite", "utf-16le"]);
    pyc: "a.pyc", |key| made(key, "sed -n 's/TOKEN=\\(.*\\)/TOKEN = \"\\1\"/p' plain.env >a.py; \
        python3 -c 'import py_compile; py_compile.compile(\"a.py\", \"made\")'"), ("constants", ["pyc"]);
    class: "A.class", |key| {
        let text = plain(key);
        let constant = [&[1, 0, text.len() as u8], text.as_bytes()].concat();
        [b"\xca\xfe\xba\xbe\0\0\0\x3d\0\x02", &constant[..], &[0; 14]].concat()
    }, ("", []);
    elf: "a.out", |key| {
        let wide: Vec<u8> = plain(key).encode_utf16().flat_map(u16::to_le_bytes).collect();
        [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0", &wide[..], &[1; 64]].concat()
    }, ("wide strings", ["executable"]);
    elf_plain: "a.so", |key| {
        [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0", plain(key).as_bytes(), &[0; 64]].concat()
    }, ("", []);
    pdf: "a.pdf", |key| python(key, r#"
import zlib
text = zlib.compress(b"BT /F1 12 Tf (TOKEN=" + key.encode() + b") Tj ET")
head = b"%%PDF-1.4\n1 0 obj <</Length %d /Filter /FlateDecode>>\nstream\n" % len(text)
open("made", "wb").write(head + text + b"\nendstream\nendobj\n%%EOF\n")"#), ("text", ["pdf"]);
    image: "image.tar", |key| made(key, "mkdir l; tar -czf l/layer.tar.gz plain.env; \
        echo '[{\"Layers\":[\"l/layer.tar.gz\"]}]' >manifest.json; tar -cf made manifest.json l"),
        ("l/layer.tar.gz!/layer.tar!/plain.env", ["tar", "gzip", "tar"]);
    mail: "a.eml", |key| python(key, r#"
from email.message import EmailMessage
mail = EmailMessage()
mail["Subject"] = "Settings"
mail.set_content("See below")
mail.add_attachment((chr(0) * 9 + plain).encode(), maintype="application", subtype="octet-stream",
    filename="a.bin", cte="base64")
open("made", "wb").write(mail.as_bytes())"#), ("", ["base64"]);
    long_line: "a.min.js", |key| {
        format!("{}TOKEN={key} {}\n", "x=1;".repeat(75_000), "y=2;".repeat(75_000)).into_bytes()
    }, ("", []);
}
