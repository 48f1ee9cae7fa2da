//! What the homeserver answers.

use serde_json::{Value, json};

use super::{Kept, Message, Request};

/// A status and a body.
type Answer = (u16, Value);

pub(super) fn to(request: &Request, kept: &mut Kept) -> Answer {
    if kept.later.0 > 0 {
        kept.later.0 -= 1;
        let wait = kept.later.1;
        return (
            429,
            json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": wait }),
        );
    }
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let ["_matrix", "client", "v3", rest @ ..] = path.as_slice() else { return unrecognised(404) };
    // A directory may be looked at by anybody.
    if let ["directory", "room", alias] = rest {
        return match request.method.as_str() {
            "GET" => directory(alias, kept),
            _ => unrecognised(405),
        };
    }
    let Some(token) = &request.token else {
        return error(401, "M_MISSING_TOKEN", "Missing access token");
    };
    let Some(user) = kept.tokens.get(token).cloned() else {
        return error(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.");
    };
    match (request.method.as_str(), rest) {
        ("GET", ["account", "whoami"]) => (200, json!({ "user_id": user, "is_guest": false })),
        ("PUT", ["rooms", room, "send", kind, transaction]) => {
            send(request, &user, [room, kind, transaction], kept)
        }
        (_, ["account", "whoami"] | ["rooms", _, "send", _, _]) => unrecognised(405),
        _ => unrecognised(404),
    }
}

fn directory(alias: &str, kept: &Kept) -> Answer {
    if !alias.starts_with('#') || !alias.contains(':') {
        return error(400, "M_INVALID_PARAM", "Room alias invalid");
    }
    match kept.aliases.get(alias) {
        Some(id) => (200, json!({ "room_id": id, "servers": ["example.bg"] })),
        None => error(404, "M_NOT_FOUND", &format!("Room alias {alias} not found")),
    }
}

fn send(
    request: &Request,
    user: &str,
    [room, kind, transaction]: [&str; 3],
    kept: &mut Kept,
) -> Answer {
    let count: usize = kept.rooms.values().map(|room| room.messages.len()).sum();
    let Some(room) = kept.rooms.get_mut(room).filter(|room| room.members.contains(user)) else {
        let words = format!("User {user} not in room {room}");
        return error(403, "M_FORBIDDEN", &words);
    };
    // The same transaction is answered as before, whatever it carries now.
    let known = room
        .messages
        .iter()
        .find(|message| message.sender == user && message.transaction == transaction);
    if let Some(known) = known {
        return (200, json!({ "event_id": known.event_id }));
    }
    if !request.is_json {
        return error(400, "M_NOT_JSON", "Content not JSON.");
    }
    let Ok(content) = serde_json::from_slice::<Value>(&request.body) else {
        return error(400, "M_NOT_JSON", "Content not JSON.");
    };
    if let Some(wrong) = wrong(kind, &content) {
        return error(400, "M_BAD_JSON", wrong);
    }
    let event_id = format!("$event{count}");
    room.messages.push(Message {
        event_id: event_id.clone(),
        sender: user.to_owned(),
        transaction: transaction.to_owned(),
        content,
    });
    (200, json!({ "event_id": event_id }))
}

/// What is wrong with the content of an event of this kind.
fn wrong(kind: &str, content: &Value) -> Option<&'static str> {
    let is_text = |name: &str| content.get(name).is_some_and(Value::is_string);
    match kind {
        "m.room.message" if !is_text("msgtype") || !is_text("body") => {
            Some("a message has a msgtype and a body")
        }
        "m.room.message"
            if is_text("formatted_body")
                && content.get("format") != Some(&json!("org.matrix.custom.html")) =>
        {
            Some("a formatted body has a format")
        }
        "m.room.message" => None,
        _ => Some("only messages are taken here"),
    }
}

fn unrecognised(status: u16) -> Answer {
    error(status, "M_UNRECOGNIZED", "Unrecognized request")
}

fn error(status: u16, code: &str, words: &str) -> Answer {
    (status, json!({ "errcode": code, "error": words }))
}
