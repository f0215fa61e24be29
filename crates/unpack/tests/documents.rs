//! Documents by the programs that make them.

mod made;

use made::{PLANTED, holding, made, names, open, planted, python};
use quietus_unpack::{Bounds, Form, Kind};
use std::collections::HashSet;

/// The text of the only text member of a kind of document.
fn text(bytes: &[u8], kind: Kind) -> String {
    assert_eq!(Kind::of(bytes), Some(kind));
    let (all, gaps) = open(bytes, &Bounds::default());
    assert_eq!(gaps, []);
    let texts: Vec<_> = all.iter().filter(|one| one.form == Form::Text).collect();
    assert_eq!(texts.len(), 1, "{:?}", names(&all));
    let text = String::from_utf8_lossy(&texts[0].bytes).into_owned();
    assert!(!text.contains(char::REPLACEMENT_CHARACTER));
    text
}

#[test]
fn cells_and_outputs_of_a_notebook() {
    let notebook = r##"{"cells": [{"cell_type": "code", "source": ["a = 1\n", "tok", "en"],
        "outputs": [{"data": {"image/png": "iVBORw0KGgo", "text/plain": ["out \u00e9\ud83d\ude00"]}}]}],
        "metadata": {"language": "python"}, "nbformat": 4, "nbformat_minor": 5}"##;
    let text = text(notebook.as_bytes(), Kind::Notebook);
    assert_eq!(text, "code\na = 1\ntoken\nout é😀\npython");
}

/// Makes a database of 512-byte pages with many rows, long values and a table without row ids.
fn database(encoding: &str) -> Vec<u8> {
    python(&format!(
        "import sqlite3
c=sqlite3.connect('made',isolation_level=None)
c.execute('pragma page_size=512'); c.execute('pragma encoding=\"{encoding}\"')
c.execute('create table \"users\" (id integer primary key, \"name\" text, [pass word] varchar(10,2), pic blob, unique(name))')
c.execute('create table keys (k text primary key, v text) without rowid')
c.execute('begin')
for n in range(2000):
  c.execute('insert into users values(?,?,?,?)',(n,'name %d'%n,'value %d é '%n+'long '*(n%700),None))
  c.execute('insert into keys values(?,?)',('key %d'%n,'of %d '%n+'wide '*(n%99)))
c.execute('insert into users values(?,?,?,?)',(9999,'blob','x',open('planted.txt','rb').read()*50))
c.execute('commit'); c.close()"
    ))
}

#[test]
fn every_value_of_a_database() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let bytes = database(encoding);
        let (all, gaps) = open(&bytes, &Bounds::default());
        assert_eq!(gaps, [], "{encoding}");
        assert_eq!(names(&all), ["users 2001 pic", "users", "keys"]);
        assert_eq!(all[0].bytes, PLANTED.repeat(50).as_bytes());
        let users = String::from_utf8(all[1].bytes.clone()).expect("UTF-8");
        let keys = String::from_utf8(all[2].bytes.clone()).expect("UTF-8");
        let users: HashSet<&str> = users.lines().collect();
        let keys: HashSet<&str> = keys.lines().collect();
        for n in 0..2000 {
            let row = format!("name: name {n}\tpass word: value {n} é {}", "long ".repeat(n % 700));
            assert!(users.contains(row.as_str()), "{encoding} {n}");
            let row = format!("k: key {n}\tv: of {n} {}", "wide ".repeat(n % 99));
            assert!(keys.contains(row.as_str()), "{encoding} {n}");
        }
        assert_eq!((users.len(), keys.len()), (2001, 2000));
    }
}

#[test]
fn constants_of_compiled_python() {
    let bytes = python(
        "import py_compile
open('a.py','w').write('''
class A:
  \"\"\"Docs é of some length\"\"\"
  def f(self, *, k=(1.5, 2**70, -3, 1j, None, ...)):
    def g(): return b'bytes here', {1: 'x'}, self, frozenset({'in a set', 'other'})
    return lambda x: x in {'in another', 'y'} or 'planted: the quick brown fox 0123456789'
''')
py_compile.compile('a.py','made')",
    );
    let text = text(&bytes, Kind::Pyc);
    for line in ["Docs é of some length", "bytes here", PLANTED, "in another", "A.f.<locals>.g"] {
        assert!(text.lines().any(|one| one == line), "{line} in {text}");
    }
    // All of it was followed: no line is machine code.
    assert!(!text.contains('\0'));
}

#[test]
fn constants_of_a_class() {
    if std::process::Command::new("javac").arg("-version").output().is_err() {
        eprintln!("no javac: skipped");
        return;
    }
    let bytes = made(
        "echo 'class A { static final String S = \"planted: the quick brown fox 0123456789\"; \
         long l = 5000000000L; double d = 1.5; String f(int i) { return \"x\" + i + l + d; } }' >A.java; \
         javac A.java; mv A.class made",
    );
    let text = text(&bytes, Kind::Class);
    assert!(text.lines().any(|line| line == PLANTED));
    assert!(text.lines().any(|line| line == "SourceFile"));
}

#[test]
fn strings_of_programs() {
    let wide: Vec<u8> = PLANTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for shift in [&b""[..], b"\x01"] {
        let pe = [b"\xfe\xed\xfa\xcf", shift, &wide, b"\x01\x02"].concat();
        assert_eq!(text(&pe, Kind::Executable), format!("{PLANTED}\n"));
    }
    // What lies bare in the bytes is not told twice.
    let shell = std::fs::read("/bin/sh").expect("a shell");
    assert_eq!(Kind::of(&shell), Some(Kind::Executable));
    let (all, gaps) = open(&shell, &Bounds::default());
    assert!(holding(&all, "libc").is_none() && gaps.is_empty());
}

#[test]
fn parts_of_a_mail() {
    let bytes = python(
        "from email.message import EmailMessage
import zipfile,io
m=EmailMessage(); m['Subject']='a'; m['From']='b@c.example'
m.set_content('first é part =\\n'+'long '*40, cte='quoted-printable')
m.add_alternative('<p>second</p>',subtype='html',cte='base64')
z=io.BytesIO(); f=zipfile.ZipFile(z,'w'); f.write('planted.txt'); f.close()
m.add_attachment(z.getvalue(),maintype='application',subtype='zip',filename='deep.zip')
inner=EmailMessage(); inner['Subject']='inner'; inner.set_content('inner text é', cte='base64'); 
m.add_attachment(inner)
open('made','wb').write(m.as_bytes())",
    );
    let (all, gaps) = open(&bytes, &Bounds::default());
    assert_eq!(gaps, []);
    assert_eq!(planted(&bytes), "deep.zip!/planted.txt");
    let first = format!("first é part =\n{}\n", "long ".repeat(40));
    assert_eq!(String::from_utf8_lossy(&all[0].bytes).trim_end(), first.trim_end());
    assert_eq!(holding(&all, "<p>second</p>").as_deref(), Some("part 2"));
    assert!(holding(&all, "inner text é").is_some(), "{:?}", names(&all));
}

#[test]
fn runs_of_an_office_document_are_whole() {
    let bytes = python(
        "import zipfile
f=zipfile.ZipFile('made','w',zipfile.ZIP_DEFLATED)
f.writestr('word/document.xml','<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>planted: the qui</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ck brown fox 01</w:t></w:r><w:proofErr w:type=\"x\"/><w:r><w:t>23456789</w:t></w:r></w:p><w:p><w:r><w:t>a &amp;amp; &#98;</w:t></w:r></w:p></w:body></w:document>')
f.writestr('xl/sharedStrings.xml','<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><si><t>one</t></si><si><r><t>t</t></r><r><t>wo</t></r></si></sst>')
f.close()",
    );
    let (all, gaps) = open(&bytes, &Bounds::default());
    assert_eq!(gaps, []);
    assert_eq!(names(&all)[1], "word/document.xml!/text");
    assert_eq!(
        all[1].bytes,
        format!("{PLANTED}\na & b\n").replace("a & b", "a &amp; b").as_bytes().to_vec()
    );
    assert_eq!(all[3].bytes, b"one\ntwo\n");
}

#[test]
fn text_shown_by_a_pdf() {
    let bytes = python(
        "import zlib
c=zlib.compress(b'BT /F1 12 Tf 72 700 Td [(planted: the q) 20 (uick brown) -250 (fox 01) ] TJ (2345) Tj <36373839> Tj 0 -14 Td (a \\\\(b\\\\) \\\\101) Tj ET')
x=zlib.compress(b'<xml>other</xml>')
o=b'%PDF-1.5\\n1 0 obj\\n<< /Filter /FlateDecode /Length '+str(len(c)).encode()+b' >>\\nstream\\n'+c+b'\\nendstream\\nendobj\\n'
o+=b'2 0 obj\\n<< /Type /Metadata /Filter /FlateDecode >>\\nstream\\r\\n'+x+b'\\nendstream\\nendobj\\n'
o+=b'3 0 obj\\n<< /Subtype /Image /Filter /DCTDecode >>\\nstream\\n\\xff\\xd8\\nendstream\\nendobj\\n%%EOF'
open('made','wb').write(o)",
    );
    assert_eq!(text(&bytes, Kind::Pdf), format!("{PLANTED}\na (b) A\n"));
    let (all, _) = open(&bytes, &Bounds::default());
    assert_eq!(holding(&all, "<xml>other</xml>").as_deref(), Some("stream 2"));
}
