//! A stand-in of a service on loopback: one answer over TLS for each connection.

use crate::issuer::tls;
use rustls::{ServerConnection, StreamOwned};
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// What a question is read from.
pub(crate) type Wire = BufReader<StreamOwned<ServerConnection, TcpStream>>;

/// Status, headers and body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, String);

/// Answers every connection by `answer`, or breaks it off; gives where, and the authority in PEM that its
/// certificate is of.
pub(crate) fn serve(
    answer: impl Fn(&mut Wire, SocketAddr) -> Option<Answer> + Send + 'static,
) -> (SocketAddr, String) {
    let (config, ca_pem) = tls();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut wire = BufReader::new(StreamOwned::new(connection, stream));
            let Some((status, headers, body)) = answer(&mut wire, address) else { continue };
            let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                text += &format!("{name}: {value}\r\n");
            }
            let wire = wire.get_mut();
            let _ = wire.write_all(format!("{text}connection: close\r\n\r\n{body}").as_bytes());
            wire.conn.send_close_notify();
            let _ = wire.flush();
        }
    });
    (address, ca_pem)
}
