//! Themes and key maps of the operator's own: loaded again when they change, kept when they break.

use crate::screen::{Console, Home};
use crate::{SIZE, STILL};

#[test]
fn a_theme_file_is_loaded_again_when_it_changes_and_kept_when_it_breaks() {
    let home = Home::new();
    let theme = |text: &str| {
        home.write("themes/mine.toml", &format!("inherits = \"dark\"\n[roles]\n{text}\n"));
    };
    theme("text = \"#e1e2e3\"");
    let mut console = Console::start(&home, &["demo", "--as", "senior", "--theme", "mine"], SIZE);
    console.wait_for("42 tenants");
    let has = |console: &Console, colour: &str| console.colours().contains(&colour.to_owned());
    assert!(has(&console, "Rgb(225, 226, 227)"), "{:?}", console.colours());

    theme("text = \"#d1d2d3\"");
    console.wait_for("The theme is mine.");
    assert!(has(&console, "Rgb(209, 210, 211)") && !has(&console, "Rgb(225, 226, 227)"));

    theme("texxt = \"#313233\"");
    let screen = console.wait_for("The theme stays as it was.");
    assert!(
        screen.contains("mine:3: There is no role \"texxt\". Did you mean \"text\"?"),
        "{screen}"
    );
    assert!(has(&console, "Rgb(209, 210, 211)"));

    theme("text = \"#c1c2c3\"");
    console.wait_for("The theme is mine.");
    assert!(has(&console, "Rgb(193, 194, 195)"));
    // The notice is kept to be read again.
    console.press_for("N", "There is no role");
    console.press("q");
    console.wait_without("There is no role");
    console.quit();
}

#[test]
fn a_key_map_is_loaded_again_when_it_changes_and_kept_when_it_breaks() {
    let home = Home::new();
    let keymap = |text: &str| {
        home.write(
            "keymaps/mine.toml",
            &format!("inherits = \"default\"\n[global]\nkeys = [{text}]\n"),
        );
    };
    keymap("{ on = \"ctrl-u\", run = \"pane.upgrades\" }");
    let mut console = Console::start(&home, &["demo", "--as", "senior", "--keymap", "mine"], SIZE);
    console.wait_for("42 tenants");
    console.press_for("\x15", "8 runs");
    console.press_for("2", "42 tenants");

    keymap("{ on = \"ctrl-e\", run = \"pane.upgrades\" }");
    console.wait_for("The keys are bound anew.");
    console.press_for("\x05", "8 runs");
    console.press_for("2", "42 tenants");

    keymap("{ on = \"ctrl-e\", run = \"pane.upgrads\" }");
    let screen = console.wait_for("The keys stay as they were.");
    assert!(screen.contains("mine:3: "), "{screen}");
    assert!(screen.contains("Did you mean \"pane.upgrades\"?"), "{screen}");
    console.press_for("\x05", "8 runs");
    console.quit();
}

#[test]
fn a_wrong_theme_or_key_map_at_start_is_said_on_the_screen() {
    let home = Home::new();
    home.write("themes/mine.toml", "inherits = \"dark\"\n[roles]\ntexxt = \"#ffffff\"\n");
    let console = Console::start(&home, &[&STILL[..], &["--theme", "mine"]].concat(), (200, 48));
    let screen = console.wait_for("42 tenants");
    assert!(
        screen.contains(
            "mine:3: There is no role \"texxt\". Did you mean \"text\"? The theme is dark instead."
        ),
        "{screen}"
    );
    console.quit();
    let console = Console::start(&home, &[&STILL[..], &["--keymap", "vmi"]].concat(), (200, 48));
    let screen = console.wait_for("42 tenants");
    assert!(screen.contains("There is no key map \"vmi\". Did you mean \"vim\"?"), "{screen}");
    console.quit();
}

#[test]
fn the_number_of_colours_follows_the_terminal() {
    let colours = |home: &Home| {
        let console = Console::start(home, &["demo", "--as", "senior", "--speed", "0"], SIZE);
        console.wait_for("42 tenants");
        let colours = console.colours();
        console.quit();
        colours
    };
    assert!(colours(&Home::new()).iter().any(|colour| colour.starts_with("Rgb")));
    let plain = colours(&Home::new().with("NO_COLOR", "1"));
    assert_eq!(plain, ["Default"]);
    let few = colours(&Home::new().with("COLORTERM", ""));
    assert!(few.iter().all(|colour| !colour.starts_with("Rgb")) && few.len() > 1, "{few:?}");
}
