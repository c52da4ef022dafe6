//! What the small files beside a tokenizer say: which tokens have a role, which are added, and how text is prepared.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use tokenizers::{AddedToken, Tokenizer};

use crate::model::files::ModelFiles;

pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
const ADDED_TOKENS: &str = "added_tokens.json";

/// Roles of tokens, in the order in which the library adds them to a vocabulary that lacks them.
const ROLES: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// The files' contents.
pub struct Settings {
    /// `tokenizer_config.json`, and over it what counts of `special_tokens_map.json`.
    tokenizer: Map<String, Value>,
    /// `config.json`
    model: Map<String, Value>,
    /// Tokens that a vocabulary lacks, with their ids.
    added: Vec<(u32, AddedToken)>,
}

impl Settings {
    pub fn read(files: &ModelFiles) -> Result<Settings> {
        let mut tokenizer = object(files, TOKENIZER_CONFIG)?;
        let ids_of = |(id, token): (&String, &Value)| Some((id.parse().ok()?, token_of(token, false)?));
        let mut added: Vec<(u32, AddedToken)>;
        if let Some(tokens) = tokenizer.get("added_tokens_decoder").and_then(Value::as_object) {
            added = tokens.iter().filter_map(ids_of).collect();
        } else {
            // Before the tokens were all listed in one file, two more counted.
            tokenizer.extend(object(files, SPECIAL_TOKENS_MAP)?);
            let special: Vec<String> = special(&tokenizer).into_iter().map(|token| token.content).collect();
            let token_of = |(content, id): (String, Value)| {
                let id = u32::try_from(id.as_u64()?).ok()?;
                let is_special = special.contains(&content);
                Some((id, AddedToken::from(content, is_special)))
            };
            added = object(files, ADDED_TOKENS)?.into_iter().filter_map(token_of).collect();
        }
        added.sort_by_key(|(id, _)| *id);
        Ok(Settings { tokenizer, model: object(files, "config.json")?, added })
    }

    /// A setting; null is a value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.tokenizer.get(key)
    }

    pub fn switch(&self, key: &str, usual: bool) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(usual)
    }

    /// The class that the library reads the tokenizer with, without the `Fast` of its newer kind.
    pub fn class(&self) -> Option<&str> {
        self.get("tokenizer_class").and_then(Value::as_str).map(|class| class.strip_suffix("Fast").unwrap_or(class))
    }

    /// Whether the library reads the tokenizer with the class that adds nothing to what is in `tokenizer.json`.
    pub fn is_generic(&self) -> bool {
        self.class() == Some("PreTrainedTokenizer")
    }

    /// The token that has a role such as `bos_token`.
    pub fn named(&self, role: &str) -> Option<String> {
        token_of(self.get(role)?, true).map(|token| token.content)
    }

    /// Whether any token has a role.
    pub fn names_any(&self) -> bool {
        ROLES.iter().any(|role| self.named(role).is_some())
    }

    /// Adds what the library adds: single tokens wherever a text spells them. `usual` are special tokens that count
    /// even if no file names them, where the vocabulary has them.
    pub fn add_tokens(&self, tokenizer: &mut Tokenizer, usual: Vec<AddedToken>) -> tokenizers::Result<()> {
        tokenizer.add_tokens(self.added.iter().map(|(_, token)| token.clone()))?;
        let mut special = special(&self.tokenizer);
        special.extend(usual.into_iter().filter(|token| tokenizer.token_to_id(&token.content).is_some()));
        let known = tokenizer.get_added_vocabulary().get_vocab();
        special.retain(|token| !known.contains_key(&token.content));
        tokenizer.add_tokens(special)?;
        Ok(())
    }

    /// The first added token that has another id in the tokenizer than the files give it: token, given, found.
    pub fn misplaced(&self, tokenizer: &Tokenizer) -> Option<(&str, u32, Option<u32>)> {
        let places = self.added.iter().map(|(id, t)| (t.content.as_str(), *id, tokenizer.token_to_id(&t.content)));
        places.into_iter().find(|(_, given, found)| *found != Some(*given))
    }

    /// The BOS token: the one that is named, else numbered by `config.json`, else the end-of-text token, which
    /// TransformerLens puts in its place. A tokenizer that says it has none skips what `config.json` says.
    pub fn bos(&self, tokenizer: &Tokenizer) -> Option<u32> {
        let id = |role: &str| self.named(role).and_then(|token| tokenizer.token_to_id(&token));
        let (bos, eos) = (self.number("bos_token_id"), id("eos_token"));
        let says_none = self.get("bos_token").is_some_and(Value::is_null);
        let other = if says_none { eos.or(bos) } else { bos.or(eos) };
        let end = || tokenizer.token_to_id("<|endoftext|>");
        id("bos_token").or(other).or_else(|| self.number("eos_token_id")).or_else(end)
    }

    /// A number of `config.json`, or of the text model inside it; the first where there are several.
    pub fn number(&self, key: &str) -> Option<u32> {
        let nested = self.model.get("text_config").and_then(|c| c.get(key));
        let value = self.model.get(key).filter(|v| !v.is_null()).or(nested)?;
        value.get(0).unwrap_or(value).as_u64().and_then(|n| u32::try_from(n).ok())
    }
}

/// All tokens with a role, and those that are special without one.
fn special(settings: &Map<String, Value>) -> Vec<AddedToken> {
    let without_role = settings.get("additional_special_tokens").and_then(Value::as_array).into_iter().flatten();
    let all = ROLES.iter().filter_map(|role| settings.get(*role)).chain(without_role);
    all.filter_map(|token| token_of(token, true)).collect()
}

/// A token spelled as a string, or as an object that says how it is found in a text.
fn token_of(value: &Value, special: bool) -> Option<AddedToken> {
    let Value::Object(fields) = value else { return Some(AddedToken::from(value.as_str()?, special)) };
    let flag = |key: &str, usual: bool| fields.get(key).and_then(Value::as_bool).unwrap_or(usual);
    let special = special || flag("special", false);
    let token = AddedToken::from(fields.get("content")?.as_str()?, special);
    Some(AddedToken {
        single_word: flag("single_word", false),
        lstrip: flag("lstrip", false),
        rstrip: flag("rstrip", false),
        normalized: flag("normalized", token.normalized),
        ..token
    })
}

/// An object; empty if there is no such file.
fn object(files: &ModelFiles, file: &str) -> Result<Map<String, Value>> {
    let Some(bytes) = files.read(file)? else { return Ok(Map::new()) };
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not a JSON object", files.display(file)))
}
