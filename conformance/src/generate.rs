//! Products: what the classes on their axes stand for, and the cases that they make.
//!
//! `$src` in a template stands for the class that the axis `src` has in a case:
//!
//! - the class of an object or a path (`file`, `dangling`, `name256`: [`CLASSES`])
//!   stands for a path, `src_file`, that is made before the first step;
//! - an actor (`self`, `other`, ...) stands for its name: `@$by`;
//! - a word of capitals stands for itself, `-` for `|`: `RDWR-CREAT` is `RDWR|CREAT`;
//! - `n` and a number stand for the number: `n0644` is `0644`;
//! - `x` and two digits stand for the byte: `xff` is `\xff`; `x` and a number behind `_`
//!   for as many bytes: `x_200` is `%repeat(x,200)`;
//! - whatever the product itself says: `means call=mkdir syscall name=mkdir args=str:$path,0755`
//!   has `$call` stand for a whole step, in which other axes are replaced in turn;
//!   `gives how=masked mode 0644` has `$mode` stand for something too, and
//!   `makes fd=dir open path=. flags=DIRECTORY -> fd=1` is a step that comes first.

use fs_core::op::product::{Axis, Choice, Product, Rule, allowed, substitute};
use fs_core::op::{Line, ParseError, Want, Word};

use crate::needs;
use crate::parse::check_names;
use crate::worker::Role;

/// A case of a product.
pub(crate) struct Made {
    /// The classes, `missing.file.other`.
    pub(crate) id: String,
    /// What its objects need.
    pub(crate) needs: Vec<&'static str>,
    /// What makes its objects, and the steps.
    pub(crate) steps: Vec<Line<'static>>,
}

/// What is wrong with a product.
pub(crate) struct Wrong {
    /// The step in which it is; past the last one for the product itself.
    pub(crate) step: usize,
    /// The column of the step, from 1.
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// A product as it is written.
pub(crate) struct Template<'t> {
    /// Its name and axes.
    pub(crate) product: &'t Product,
    /// The steps; the last one is the subject, whose want the rules say.
    pub(crate) steps: &'t [&'t str],
    /// What is allowed.
    pub(crate) rules: &'t [Rule],
    /// What is left out.
    pub(crate) without: &'t [Rule],
    /// What its classes need beside what all of it needs.
    pub(crate) needs: &'t [Own<'t>],
    /// What classes of its own stand for.
    pub(crate) means: &'t [Own<'t>],
    /// What else its classes stand for: a name, and a text.
    pub(crate) gives: &'t [Own<'t>],
    /// What makes the objects of its own classes.
    pub(crate) makes: &'t [Own<'t>],
    /// The steps after the subject, where success is wanted; `AXIS=CLASS|CLASS` before
    /// one has it follow for these classes only.
    pub(crate) then: &'t [&'t str],
    /// Whether nothing may have changed where success is not allowed.
    pub(crate) unchanged: bool,
}

/// What a product says of one of its classes.
#[derive(Clone, Debug)]
pub(crate) struct Own<'t> {
    /// The axis.
    pub(crate) axis: &'t str,
    /// The class on it.
    pub(crate) class: &'t str,
    /// A step, or a part of one.
    pub(crate) text: &'t str,
}

impl<'t> Own<'t> {
    /// Reads `AXIS=CLASS TEXT`, where the text may be empty.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let (choice, text) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let (axis, class) = choice.split_once('=')?;
        Some(Own { axis, class, text: text.trim_start() })
    }

    /// Whether `product` has this class.
    pub(crate) fn is_of(&self, product: &Product) -> bool {
        let is_here = |axis: &Axis| {
            axis.name.as_str() == self.axis && axis.classes.iter().any(|class| class.as_str() == self.class)
        };
        product.axes.iter().any(is_here)
    }

    fn is_about(&self, axis: &str, class: &str) -> bool {
        self.axis == axis && self.class == class
    }
}

impl Template<'_> {
    /// The cases: one for each choice that `without` does not leave out.
    ///
    /// # Errors
    /// A class that is not known, or a step that cannot be read once its axes are replaced.
    pub(crate) fn expand(&self) -> Result<Vec<Made>, Wrong> {
        let choices = self.product.choices().into_iter();
        let choices = choices.filter(|choice| !self.without.iter().any(|rule| rule.applies(choice)));
        let made: Vec<Made> = choices.map(|choice| self.make(&choice)).collect::<Result<_, _>>()?;
        match made.is_empty() {
            true => Err(self.wrong("`without` leaves nothing of the product".to_owned())),
            false => Ok(made),
        }
    }

    /// What is wrong with the product as a whole.
    fn wrong(&self, message: String) -> Wrong {
        Wrong { step: self.steps.len(), column: 1, message }
    }

    fn make(&self, choice: &Choice) -> Result<Made, Wrong> {
        let words: Vec<&str> = choice.iter().map(|(_, class)| class.as_str()).collect();
        let mut made = Made { id: words.join("."), needs: Vec::new(), steps: Vec::new() };
        let mut meanings = Vec::with_capacity(choice.len());
        let mut making = Vec::new();
        for (axis, class) in choice {
            let meaning = self.meaning(axis.as_str(), class.as_str()).map_err(|message| self.wrong(message))?;
            made.needs.extend(meaning.needs);
            making.extend(meaning.make);
            meanings.push((axis.as_str(), meaning.text));
            let given = self.gives.iter().filter(|own| own.is_about(axis.as_str(), class.as_str()));
            meanings.extend(given.map(|own| {
                let (name, text) = own.text.split_once(' ').unwrap_or((own.text, ""));
                (name, text.trim_start().to_owned())
            }));
        }
        for template in &making {
            let text = replace(template, &meanings).map_err(|error| self.wrong(error.message))?;
            made.push(&text).map_err(|message| self.wrong(message))?;
        }
        let allowed = allowed(self.rules, choice);
        let may_succeed = allowed.contains(&Word::Ok);
        for (index, template) in self.steps.iter().enumerate() {
            let wrong = |column, message| Wrong { step: index, column, message };
            let is_subject = index == self.steps.len() - 1;
            if is_subject && self.unchanged && !may_succeed {
                made.push("tree path=. -> as=unchanged").map_err(|message| wrong(1, message))?;
            }
            let text = replace(template, &meanings).map_err(|error| wrong(error.column, error.message))?;
            made.push(&text).map_err(|message| wrong(1, message))?;
            if is_subject {
                let line = made.steps.last_mut().expect("the subject was pushed");
                let want = want(line.want.take(), allowed.clone());
                line.want = Some(want.map_err(|message| wrong(1, message))?);
            }
        }
        if self.unchanged && !may_succeed {
            made.push("tree path=. -> same=unchanged").map_err(|message| self.wrong(message))?;
        }
        if allowed == [Word::Ok] {
            for template in self.then.iter().filter_map(|then| follows(then, choice)) {
                let text = replace(template, &meanings).map_err(|error| self.wrong(error.message))?;
                made.push(&text).map_err(|message| self.wrong(message))?;
            }
        }
        Ok(made)
    }

    fn meaning(&self, axis: &str, class: &str) -> Result<Meaning, String> {
        let about = |own: &&Own<'_>| own.is_about(axis, class);
        let own_text = self.means.iter().find(about).map(|own| own.text.to_owned());
        let makes: Vec<String> = self.makes.iter().filter(about).map(|own| own.text.to_owned()).collect();
        let mut meaning = match own_text {
            Some(text) => Meaning { text, needs: Vec::new(), make: Vec::new() },
            // Its own name is of no use, what it gives is.
            None if self.gives.iter().any(|own| own.is_about(axis, class)) => {
                Meaning { text: class.to_owned(), needs: Vec::new(), make: Vec::new() }
            }
            None => meaning(axis, class)?,
        };
        meaning.make.extend(makes);
        let needs = self.needs.iter().filter(about).flat_map(|own| own.text.split_whitespace());
        meaning.needs.extend(needs.filter_map(needs::by_name));
        Ok(meaning)
    }
}

/// The step of a `then`, if it follows for this choice: if all conditions before it hold.
fn follows<'t>(then: &'t str, choice: &Choice) -> Option<&'t str> {
    let mut rest = then;
    while let Some((condition, step)) = rest.split_once(' ')
        && let Some((axis, classes)) = condition.split_once('=')
    {
        let chosen = choice.iter().find(|(name, _)| name.as_str() == axis)?;
        if !classes.split('|').any(|class| class == chosen.1.as_str()) {
            return None;
        }
        rest = step.trim_start();
    }
    Some(rest)
}

/// Replaces axes by what they stand for, and those in what they stand for.
fn replace(template: &str, meanings: &[(&str, String)]) -> Result<String, ParseError> {
    let meaning = |name: &str| meanings.iter().find(|(axis, _)| *axis == name).map(|(_, text)| text.clone());
    let once = substitute(template, meaning)?;
    match once.contains('$') {
        true => substitute(&once, meaning),
        false => Ok(once),
    }
}

impl Made {
    fn push(&mut self, text: &str) -> Result<(), String> {
        let in_text = |message: String| format!("`{text}` of `{}`: {message}", self.id);
        let line = Line::parse(text).map_err(|error| in_text(error.to_string()))?.into_owned();
        check_names(&self.steps, &line).map_err(|(_, message)| in_text(message))?;
        self.steps.push(line);
        Ok(())
    }
}

/// What is wanted of the subject: the words of the rules, and on success the fields
/// that the template names.
fn want(template: Option<Want>, words: Vec<Word>) -> Result<Want, String> {
    let template = template.unwrap_or_else(|| Want { words: vec![Word::Ok], ..Want::default() });
    if template.words != [Word::Ok] {
        return Err("the last step of a product wants what its rules say: leave the words out".to_owned());
    }
    Ok(match words.contains(&Word::Ok) {
        true => Want { words, ..template },
        false => Want { words, ..Want::default() },
    })
}

/// What a class on an axis stands for.
struct Meaning {
    text: String,
    needs: Vec<&'static str>,
    make: Vec<String>,
}

fn meaning(axis: &str, class: &str) -> Result<Meaning, String> {
    let plain = |text: String| Ok(Meaning { text, needs: Vec::new(), make: Vec::new() });
    if Role::by_name(class).is_some() {
        return plain(class.to_owned());
    }
    if class.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-')) {
        return plain(class.replace('-', "|"));
    }
    if let Some(number) = class.strip_prefix('n').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return plain(number.to_owned());
    }
    if let Some(bytes) = bytes(class) {
        return plain(bytes);
    }
    let Some(known) = CLASSES.iter().find(|known| known.name == class) else {
        let names: Vec<&str> = CLASSES.iter().map(|known| known.name).collect();
        return Err(format!(
            "unknown class `{class}` on the axis `{axis}`; there are {}, the actors, words of capitals, and n with a number",
            names.join(", ")
        ));
    };
    let own = format!("{axis}_{class}");
    let letter = axis.chars().next().map(String::from).unwrap_or_default();
    let written = |template: &str| template.replace("OWN", &own).replace("LETTER", &letter);
    Ok(Meaning {
        text: written(known.path),
        needs: known.needs.to_vec(),
        make: known.make.iter().map(|step| written(step)).collect(),
    })
}

/// The bytes of `xff` and `x_200`.
fn bytes(class: &str) -> Option<String> {
    let rest = class.strip_prefix('x')?;
    match rest.strip_prefix('_') {
        Some(count) => count.parse().ok().map(|count: u16| format!("%repeat(x,{count})")),
        None if rest.len() == 2 => u8::from_str_radix(rest, 16).ok().map(|byte| format!("\\x{byte:02x}")),
        None => None,
    }
}

/// A class of objects, or of paths.
pub struct PathClass {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The path that stands for it. `OWN` is the axis, `_` and the class; `LETTER` the
    /// first letter of the axis.
    path: &'static str,
    needs: &'static [&'static str],
    make: &'static [&'static str],
}

macro_rules! classes {
    ($($name:literal $about:literal $path:literal $([$($need:literal),*])? { $($make:literal)* })*) => {
        /// The classes that stand for a path.
        pub static CLASSES: &[PathClass] = &[$(PathClass {
            name: $name,
            about: $about,
            path: $path,
            needs: &[$($($need),*)?],
            make: &[$($make),*],
        }),*];
    };
}

// Files are made with `open`, which every file system has, and their descriptor is closed.
classes! {
    "missing" "a name that does not exist" "OWN" {}
    "file" "an empty file, mode 0644" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "data" "a file that holds the 5 bytes `hello`" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "write fd=900 data=hello" "close fd=900"
    }
    "linked" "a file that has a second name" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900" "link src=OWN dst=OWN.second"
    }
    "noaccess" "a file, mode 0" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0 -> fd=900" "close fd=900"
    }
    "suid" "a file, mode 04755" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0755 -> fd=900" "close fd=900" "chmod path=OWN mode=04755"
    }
    "sgid" "a file, mode 02755" "OWN" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0755 -> fd=900" "close fd=900" "chmod path=OWN mode=02755"
    }
    "dir" "an empty directory, mode 0755" "OWN" { "mkdir path=OWN mode=0755" }
    "full" "a directory with an entry `e`, mode 0755" "OWN" {
        "mkdir path=OWN mode=0755"
        "open path=OWN/e flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "sticky" "an empty directory, mode 01777" "OWN" { "mkdir path=OWN" "chmod path=OWN mode=01777" }
    "symlink" "a symbolic link to a file" "OWN" {
        "open path=OWN.target flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "symlink src=OWN.target dst=OWN"
    }
    "symlink_dir" "a symbolic link to an empty directory" "OWN" {
        "mkdir path=OWN.target mode=0755" "symlink src=OWN.target dst=OWN"
    }
    "dangling" "a symbolic link to a name that does not exist" "OWN" { "symlink src=OWN.target dst=OWN" }
    "loop" "a symbolic link to itself" "OWN" { "symlink src=OWN dst=OWN" }
    "fifo" "a fifo, mode 0644" "OWN" ["fifo"] { "mkfifo path=OWN mode=0644" }
    "socket" "a socket, mode 0644" "OWN" ["socket"] { "mknod path=OWN kind=socket mode=0644" }
    "chardev" "the null device, mode 0666" "OWN" ["chardev"] {
        "mknod path=OWN kind=char mode=0666 device=0x103" "chmod path=OWN mode=0666"
    }

    "empty" "the empty path" "" {}
    "dot" "`.`" "." {}
    "dotdot" "`..`, which is `.` in the root directory of a case" ".." {}
    "slash" "`/`" "/" {}
    "dir_dot" "a directory and `/.`" "OWN/." { "mkdir path=OWN mode=0755" }
    "dir_dotdot" "a directory and `/..`" "OWN/.." { "mkdir path=OWN mode=0755" }
    "missing_slash" "a name that does not exist and `/`" "OWN/" {}
    "file_slash" "a file and `/`" "OWN/" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "dir_slash" "an empty directory and `/`" "OWN/" { "mkdir path=OWN mode=0755" }
    "symlink_slash" "a symbolic link to a file and `/`" "OWN/" {
        "open path=OWN.target flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "symlink src=OWN.target dst=OWN"
    }
    "symlink_dir_slash" "a symbolic link to an empty directory and `/`" "OWN/" {
        "mkdir path=OWN.target mode=0755" "symlink src=OWN.target dst=OWN"
    }
    "dangling_slash" "a symbolic link to a name that does not exist and `/`" "OWN/" {
        "symlink src=OWN.target dst=OWN"
    }

    "missing_prefix" "a name below one that does not exist" "OWN/f" {}
    "notdir_prefix" "a name below a file" "OWN/f" {
        "open path=OWN flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
    }
    "noaccess_prefix" "a file in a directory of mode 0" "OWN/f" {
        "mkdir path=OWN"
        "open path=OWN/f flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "chmod path=OWN mode=0"
    }
    "dangling_prefix" "a name below a dangling symbolic link" "OWN/f" { "symlink src=OWN.target dst=OWN" }
    "loop_prefix" "a name below a symbolic link to itself" "OWN/f" { "symlink src=OWN dst=OWN" }
    "symlink_prefix" "a file in a directory that a symbolic link points to" "OWN/f" {
        "mkdir path=OWN.target mode=0755"
        "open path=OWN.target/f flags=CREAT|EXCL|WRONLY mode=0644 -> fd=900" "close fd=900"
        "symlink src=OWN.target dst=OWN"
    }

    "name255" "a name of 255 bytes that does not exist" "%repeat(LETTER,255)" {}
    "name256" "a name of 256 bytes" "%repeat(LETTER,256)" {}
    "path4095" "a path of 4095 bytes to a name that does not exist" "%path(4095)" {}
    "path4096" "a path of 4096 bytes" "%path(4096)" {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand_text(product: &str, steps: &[&str], rules: &[&str]) -> Result<Vec<Made>, String> {
        expand_with(product, steps, rules, |_| {})
    }

    fn expand_with(
        product: &str,
        steps: &[&str],
        rules: &[&str],
        change: impl FnOnce(&mut Template<'_>),
    ) -> Result<Vec<Made>, String> {
        let rules: Vec<Rule> = rules.iter().map(|rule| Rule::parse(rule).unwrap()).collect();
        let product = Product::parse(product).unwrap();
        let mut template = Template {
            product: &product,
            steps,
            rules: &rules,
            without: &[],
            needs: &[],
            means: &[],
            gives: &[],
            makes: &[],
            then: &[],
            unchanged: false,
        };
        change(&mut template);
        template.expand().map_err(|wrong| wrong.message)
    }

    fn texts(made: &Made) -> Vec<String> {
        made.steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_product_says_what_its_own_classes_mean_and_make() {
        let own = |text| Own::parse(text).unwrap();
        let product = "product p call=rmdir|fchdir path=missing";
        let made = expand_with(product, &["$call"], &["rule call=rmdir -> ENOENT"], |template| {
            template.means = Vec::leak(vec![own("call=rmdir rmdir path=$path"), own("call=fchdir chdir fd=1")]);
            template.makes = Vec::leak(vec![own("call=fchdir open path=. flags=DIRECTORY -> fd=1")]);
        });
        let made = made.unwrap();
        assert_eq!(texts(&made[0]), ["rmdir path=path_missing -> ENOENT"]);
        assert_eq!(texts(&made[1]), ["open path=. flags=DIRECTORY -> fd=1", "chdir fd=1 -> ok"]);
    }

    #[test]
    fn a_class_gives_more_than_its_own_text() {
        let own = |text| Own::parse(text).unwrap();
        let made = expand_with("product p how=a", &["mkdir path=d mode=$mode"], &[], |template| {
            template.gives = Vec::leak(vec![own("how=a mode 0700"), own("how=a result 0700")]);
            template.then = &["how=b rmdir path=d", "how=a|c p=x stat path=d", "how=a|c stat path=d -> mode=$result"];
        });
        assert_eq!(texts(&made.unwrap()[0]), ["mkdir path=d mode=0700 -> ok", "stat path=d -> mode=0700"]);
    }

    #[test]
    fn bytes_stand_for_themselves() {
        let made = expand_text("product p name=xff|x_200", &["mkdir path=$name"], &[]).unwrap();
        assert_eq!(made[0].steps[0].to_string(), "mkdir path=\\xff -> ok");
        assert_eq!(made[1].steps[0].to_string(), "mkdir path=%repeat(x,200) -> ok");
    }

    #[test]
    fn steps_follow_a_success_and_a_failure_changes_nothing() {
        let product = "product p path=missing|dir|empty";
        let rules = ["rule path=missing -> ENOENT", "rule path=empty -> ok|ENOENT"];
        let made = expand_with(product, &["rmdir path=$path"], &rules, |template| {
            template.then = &["stat path=$path -> ENOENT"];
            template.unchanged = true;
        });
        let made = made.unwrap();
        assert_eq!(
            texts(&made[0]),
            ["tree path=. -> as=unchanged", "rmdir path=path_missing -> ENOENT", "tree path=. -> same=unchanged"]
        );
        assert_eq!(texts(&made[1])[1..], ["rmdir path=path_dir -> ok", "stat path=path_dir -> ENOENT"]);
        assert_eq!(texts(&made[2]), ["rmdir path= -> ok|ENOENT"]);
    }

    #[test]
    fn every_class_can_be_made_and_named() {
        for class in CLASSES {
            let made = expand_text(&format!("product p src={}", class.name), &["stat path=$src"], &[]).unwrap();
            assert_eq!(made[0].id, class.name);
        }
    }

    #[test]
    fn objects_are_made_before_the_steps_and_rules_say_what_is_wanted() {
        let product = "product p src=missing|full by=self|other";
        let made = expand_text(product, &["@$by rmdir path=$src"], &["rule src=missing -> ENOENT"]).unwrap();
        assert_eq!(made.len(), 4);
        assert_eq!(made[1].id, "missing.other");
        assert_eq!(made[1].steps[0].to_string(), "@other rmdir path=src_missing -> ENOENT");
        let steps: Vec<String> = made[2].steps.iter().map(ToString::to_string).collect();
        assert_eq!(steps[0], "mkdir path=src_full mode=0755");
        assert_eq!(steps.last().unwrap(), "@self rmdir path=src_full -> ok");
    }

    #[test]
    fn flags_and_numbers_stand_for_themselves() {
        let product = "product p flags=RDWR-CREAT mode=n0600";
        let made = expand_text(product, &["open path=f flags=$flags mode=$mode"], &[]).unwrap();
        assert_eq!(made[0].steps[0].to_string(), "open path=f flags=CREAT|RDWR mode=0600 -> ok");
    }

    #[test]
    fn fields_of_the_template_are_wanted_on_success_only() {
        let product = "product p src=missing|file";
        let made = expand_text(product, &["stat path=$src -> type=file"], &["rule src=missing -> ENOENT"]).unwrap();
        assert_eq!(made[0].steps[0].to_string(), "stat path=src_missing -> ENOENT");
        assert_eq!(made[1].steps.last().unwrap().to_string(), "stat path=src_file -> type=file");
    }

    #[test]
    fn errors_name_the_thing() {
        let error = |steps: &[&str]| expand_text("product p src=missing|gone", steps, &[]).err().unwrap();
        assert!(error(&["stat path=$src"]).starts_with("unknown class `gone` on the axis `src`; there are missing, "));
        let error = |steps: &[&str]| expand_text("product p src=missing", steps, &[]).err().unwrap();
        assert_eq!(error(&["stat path=$dst"]), "there is no axis `dst`");
        assert!(error(&["stat path=$src -> ENOENT"]).contains("leave the words out"));
        assert!(error(&["@nobody stat path=$src"]).contains("unknown actor `nobody`"));
    }
}
