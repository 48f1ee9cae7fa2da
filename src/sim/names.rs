//! Made-up companies: a name in Bulgarian and the subdomain that is its transliteration.
//!
//! The names depend on their index alone, never on the seed, so a scenario may speak of a tenant by its
//! subdomain whatever the seed. They are fanciful on purpose: none means a company that exists.

/// Adjectives in the three genders.
const ADJECTIVES: [[&str; 3]; 24] = [
    ["син", "синя", "синьо"],
    ["тих", "тиха", "тихо"],
    ["меден", "медена", "медено"],
    ["зелен", "зелена", "зелено"],
    ["бистър", "бистра", "бистро"],
    ["ранен", "ранна", "ранно"],
    ["горски", "горска", "горско"],
    ["каменен", "каменна", "каменно"],
    ["лунен", "лунна", "лунно"],
    ["снежен", "снежна", "снежно"],
    ["топъл", "топла", "топло"],
    ["весел", "весела", "весело"],
    ["златен", "златна", "златно"],
    ["речен", "речна", "речно"],
    ["морски", "морска", "морско"],
    ["северен", "северна", "северно"],
    ["южен", "южна", "южно"],
    ["стар", "стара", "старо"],
    ["нов", "нова", "ново"],
    ["бял", "бяла", "бяло"],
    ["червен", "червена", "червено"],
    ["малък", "малка", "малко"],
    ["звезден", "звездна", "звездно"],
    ["пролетен", "пролетна", "пролетно"],
];

/// Nouns and the index of their gender in [`ADJECTIVES`].
const NOUNS: [(&str, usize); 36] = [
    ("орех", 0),
    ("върба", 1),
    ("езеро", 2),
    ("камък", 0),
    ("поляна", 1),
    ("перо", 2),
    ("пристан", 0),
    ("врана", 1),
    ("зърно", 2),
    ("извор", 0),
    ("пита", 1),
    ("гнездо", 2),
    ("мост", 0),
    ("лисица", 1),
    ("небе", 2),
    ("дъб", 0),
    ("чешма", 1),
    ("платно", 2),
    ("фар", 0),
    ("пчела", 1),
    ("огнище", 2),
    ("щурец", 0),
    ("воденица", 1),
    ("дърво", 2),
    ("рибар", 0),
    ("ябълка", 1),
    ("сито", 2),
    ("занаят", 0),
    ("калина", 1),
    ("крило", 2),
    ("хоризонт", 0),
    ("стрела", 1),
    ("кладенче", 2),
    ("грош", 0),
    ("книга", 1),
    ("цвете", 2),
];

/// What the company does; the first does not say.
const TRADES: [&str; 14] = [
    "",
    "агро",
    "дент",
    "транс",
    "текстил",
    "мебел",
    "фарма",
    "строй",
    "софт",
    "принт",
    "авто",
    "фууд",
    "спорт",
    "дизайн",
];

const LEGAL_FORMS: [&str; 4] = ["ООД", "ЕООД", "АД", "ЕТ"];

/// A made-up company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Company {
    /// Its subdomain: `[a-z0-9-]`, at most 30 characters.
    pub(super) slug: String,
    /// Its name as registered, in Cyrillic.
    pub(super) owner: String,
}

/// The company of `index`; two indices never give the same subdomain.
pub(super) fn company(index: usize) -> Company {
    let total = ADJECTIVES.len() * NOUNS.len() * TRADES.len();
    // A stride coprime to the total walks all combinations once while neighbours look unlike.
    let mixed = (index % total) * 4_951 % total;
    let round = index / total;
    let adjective = ADJECTIVES.get(mixed % ADJECTIVES.len()).copied().unwrap_or_default();
    let rest = mixed / ADJECTIVES.len();
    let (noun, gender) = NOUNS.get(rest % NOUNS.len()).copied().unwrap_or_default();
    let trade = TRADES.get(rest / NOUNS.len()).copied().unwrap_or_default();
    let adjective = adjective.get(gender).copied().unwrap_or_default();
    let form = LEGAL_FORMS.get(mixed % LEGAL_FORMS.len()).copied().unwrap_or_default();

    let mut slug = transliterate(&format!("{adjective}-{noun}"));
    let mut owner = format!("{} {noun}", capital(adjective));
    if !trade.is_empty() {
        let with_trade = format!("{slug}-{}", transliterate(trade));
        slug = with_trade;
        owner = format!("{owner} {}", capital(trade));
    }
    if round > 0 {
        slug = format!("{slug}-{}", round + 1);
        owner = format!("{owner} {}", round + 1);
    }
    Company { slug, owner: format!("{owner} {form}") }
}

/// The subdomain of a name in Bulgarian, by the streamlined system; other characters stay.
pub(super) fn transliterate(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match latin(c) {
            Some(latin) => out.push_str(latin),
            None => out.push(c),
        }
    }
    out
}

fn latin(c: char) -> Option<&'static str> {
    const LATIN: [&str; 32] = [
        "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s",
        "t", "u", "f", "h", "ts", "ch", "sh", "sht", "a", "y", "y", "e", "yu", "ya",
    ];
    let offset = u32::from(c).checked_sub(u32::from('а'))?;
    LATIN.get(usize::try_from(offset).ok()?).copied()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn subdomains_are_unique_and_keep_the_rule() {
        let mut seen = BTreeSet::new();
        for index in 0..20_000 {
            let company = company(index);
            assert!(company.slug.len() <= 30, "{}", company.slug);
            assert!(
                company.slug.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')),
                "{}",
                company.slug
            );
            assert!(seen.insert(company.slug.clone()), "{} comes twice", company.slug);
        }
    }

    #[test]
    fn names_agree_in_gender_and_script() {
        assert_eq!(transliterate("Синя врана"), "sinya vrana");
        assert_eq!(transliterate("щурец-юг"), "shturets-yug");
        assert_eq!(company(0).owner, "Син орех ООД");
        assert_eq!(company(0).slug, "sin-oreh");
    }
}
