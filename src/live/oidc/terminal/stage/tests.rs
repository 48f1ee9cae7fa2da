//! What an executor may say, and what is made of it.

use reqwest::Url;
use serde_json::json;

use super::*;

fn read_json(said: &Value) -> Option<Stage> {
    let url = |text| Url::parse(text).expect("an address");
    let authorization = url("https://id.example/application/o/authorize/");
    let site =
        Site::of(&authorization, url("http://127.0.0.1/callback"), "login").expect("Authentik");
    read(said.to_string().as_bytes(), &site)
}

fn form(said: &Value) -> Form {
    match read_json(said) {
        Some(Stage::Asks(form)) => form,
        other => panic!("{other:?} and nothing to fill"),
    }
}

fn stuck(said: &Value) -> Trouble {
    match read_json(said) {
        Some(Stage::Stuck(trouble)) => trouble,
        other => panic!("{other:?} and no trouble"),
    }
}

fn validate(classes: &[&str]) -> Value {
    let devices: Vec<_> = classes
        .iter()
        .map(|class| json!({ "device_class": class, "device_uid": "1", "challenge": {}, "last_used": null }))
        .collect();
    json!({ "component": "ak-stage-authenticator-validate", "device_challenges": devices, "configuration_stages": [] })
}

#[test]
fn a_form_says_who_signs_in_and_what_was_wrong() {
    let said = json!({
        "component": "ak-stage-password",
        "flow_info": { "title": "Welcome to PLANA\u{1b}[31m!", "layout": "stacked" },
        "pending_user": "maria", "recovery_url": "/x",
        "response_errors": { "password": [{ "string": "Failed to authenticate", "code": "invalid" }] },
    });
    let form = form(&said);
    assert_eq!(form.component, "ak-stage-password");
    assert_eq!(form.title.as_str(), "Welcome to PLANA␛[31m!");
    assert_eq!(form.person.as_deref_text(), "maria");
    assert_eq!(form.fields, [PASSWORD]);
    assert_eq!(form.wrong.as_deref_text(), "Failed to authenticate");
}

#[test]
fn the_first_stage_may_ask_for_the_password_too() {
    let mut said = json!({ "component": "ak-stage-identification", "user_fields": ["email"], "password_fields": false });
    assert_eq!(form(&said).fields, [USER]);
    assert_eq!(form(&said).title.as_str(), "Sign in");
    said["password_fields"] = true.into();
    assert_eq!(form(&said).fields, [USER, PASSWORD]);
    said["captcha_stage"] = json!({ "js_url": "https://captcha.example" });
    assert!(stuck(&said).to_string().contains("captcha"));
    for nobody in [json!([]), json!(null), json!("username")] {
        said["user_fields"] = nobody;
        assert!(stuck(&said).to_string().contains("no user name"));
    }
}

#[test]
fn an_authenticator_app_goes_before_everything_else() {
    for classes in
        [&["totp"][..], &["static"], &["webauthn", "static", "totp"], &["static", "totp"]]
    {
        assert_eq!(form(&validate(classes)).fields, [CODE], "{classes:?}");
    }
    for (class, named) in [
        ("webauthn", "a security key or passkey"),
        ("duo", "Duo"),
        ("sms", "a code by SMS"),
        ("email", "a code by e-mail"),
        ("tele\u{202e}pathy", "tele<U+202E>pathy"),
    ] {
        let trouble = stuck(&validate(&[class]));
        assert!(trouble.to_string().contains(named), "{class}: {trouble}");
        assert!(trouble.remedy.as_str().contains("browser"), "{trouble}");
    }
}

#[test]
fn who_has_a_key_is_asked_before_a_kept_code_is_used_up() {
    let mut said = validate(&["static", "webauthn", "sms"]);
    let Some(Stage::AsksWhich(which)) = read_json(&said) else { panic!("no choice") };
    let choices: Vec<_> = which.choices.iter().map(Text::as_str).collect();
    assert_eq!(
        choices,
        [
            "a code kept for emergencies, which is used up by it",
            "a security key or passkey, in the browser",
            "a code by SMS, in the browser"
        ]
    );
    assert!(which.elsewhere.to_string().contains("security key"), "{}", which.elsewhere);
    // Nobody is asked twice.
    said["response_errors"] = json!({ "code": [{ "string": "Invalid", "code": "invalid" }] });
    assert_eq!(form(&said).wrong.as_deref_text(), "Invalid");
}

#[test]
fn who_has_no_device_is_told_where_to_set_one_up() {
    for said in [
        validate(&[]),
        json!({ "component": "ak-stage-authenticator-validate" }),
        json!({ "component": "ak-stage-authenticator-totp", "config_url": "otpauth://totp/x?secret=ABC" }),
        json!({ "component": "ak-stage-authenticator-webauthn" }),
    ] {
        let trouble = stuck(&said).to_string();
        assert!(trouble.contains("https://id.example/if/user/"), "{trouble}");
        assert!(!trouble.contains("ABC"), "{trouble}");
    }
}

#[test]
fn consent_names_what_is_given() {
    let said = json!({
        "component": "ak-stage-consent", "token": "t", "header_text": "You're about to sign into x.",
        "permissions": [{ "id": "profile", "name": "Profile" }, { "id": "offline_access", "name": "" }, 7],
        "additional_permissions": [{ "id": "new", "name": "New" }],
    });
    let Some(Stage::Consent { title, permissions, token }) = read_json(&said) else {
        panic!("no consent")
    };
    assert_eq!(title.as_str(), "You're about to sign into x.");
    assert_eq!(
        permissions.iter().map(Text::as_str).collect::<Vec<_>>(),
        ["Profile", "offline_access", "New"]
    );
    assert_eq!(token, "t");
    assert!(stuck(&json!({ "component": "ak-stage-consent" })).to_string().contains("consent"));
}

#[test]
fn each_stage_that_asks_nothing_has_a_sentence_of_its_own() {
    let mut sentences = Vec::new();
    for (component, more, says) in [
        ("ak-stage-access-denied", json!({ "error_message": "Not you" }), "Not you"),
        ("ak-stage-flow-error", json!({ "request_id": "c0ffee" }), "c0ffee"),
        ("xak-flow-shell", json!({ "body": "<b>hi</b>" }), "page of its own"),
        ("ak-stage-autosubmit", json!({ "url": "https://evil.example", "attrs": {} }), "form"),
        ("ak-stage-email", json!({}), "e-mail"),
        ("ak-stage-prompt", json!({ "fields": [] }), "more than"),
        ("ak-stage-captcha", json!({}), "captcha"),
        ("ak-stage-session-end", json!({}), "not known here (ak-stage-session-end)"),
        ("xak-flow-redirect", json!({ "to": 7 }), "without saying where"),
    ] {
        let mut said = more;
        said["component"] = component.into();
        let trouble = stuck(&said);
        assert!(trouble.to_string().contains(says), "{component}: {trouble}");
        assert!(!trouble.remedy.is_empty(), "{component}");
        sentences.push(trouble.to_string());
    }
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 9);
}

#[test]
fn what_is_no_stage_is_not_guessed_at() {
    for strange in [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        "{\"component\":7}",
        "{\"component\":\"ak-stage-password\"",
    ] {
        let site = Url::parse("https://id.example/application/o/authorize/").expect("an address");
        let redirect = Url::parse("http://127.0.0.1/callback").expect("an address");
        let site = Site::of(&site, redirect, "login").expect("Authentik");
        assert!(read(strange.as_bytes(), &site).is_none(), "{strange}");
    }
}

#[test]
fn errors_of_any_shape_count_as_wrong_and_are_bounded() {
    let wrong = |errors: Value| {
        form(&json!({ "component": "ak-stage-password", "response_errors": errors })).wrong
    };
    assert_eq!(wrong(json!({})), None);
    assert_eq!(wrong(json!(null)), None);
    assert_eq!(
        wrong(json!({ "password": "no" })).as_deref_text(),
        "The provider does not take that."
    );
    let many: Vec<_> = (0..1000).map(|_| json!({ "string": "x".repeat(100) })).collect();
    let said = wrong(json!({ "password": many })).expect("a text");
    assert!(said.as_str().len() < SHOWN + 10, "{}", said.as_str().len());
}

/// What a text that may be missing says.
trait Shown {
    fn as_deref_text(&self) -> &str;
}

impl Shown for Option<Text> {
    fn as_deref_text(&self) -> &str {
        self.as_ref().map_or("", Text::as_str)
    }
}
