//! All that typst can see: our templates, our fonts and one document's content.

use std::sync::LazyLock;

use tandem_domain::documents::{Content, DocumentKind};
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

/// The text of every document; of typst's own fonts, the ones that the templates ask for.
const LATIN: &str = "Libertinus Serif";
/// Names in Arabic, Dari, Farsi, Pashto and Urdu; OFL, see `fonts/OFL.txt`.
const ARABIC: [&[u8]; 2] = [
    include_bytes!("../fonts/NotoNaskhArabic-Regular.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Bold.ttf"),
];

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let latin = typst_assets::fonts()
        .flat_map(|file| Font::iter(Bytes::new(file)))
        .filter(|font| font.info().family == LATIN);
    let arabic = ARABIC.into_iter().flat_map(|file| Font::iter(Bytes::new(file)));
    latin.chain(arabic).collect()
});

static BOOK: LazyLock<LazyHash<FontBook>> =
    LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

static LAYOUT: LazyLock<Source> =
    LazyLock::new(|| template("layout.typ", include_str!("../templates/layout.typ")));
static AGREEMENT: LazyLock<Source> =
    LazyLock::new(|| template("agreement.typ", include_str!("../templates/agreement.typ")));
static CHECK_LETTER: LazyLock<Source> =
    LazyLock::new(|| template("check_letter.typ", include_str!("../templates/check_letter.typ")));
static CERTIFICATE: LazyLock<Source> =
    LazyLock::new(|| template("certificate.typ", include_str!("../templates/certificate.typ")));
static REPORT: LazyLock<Source> =
    LazyLock::new(|| template("report.typ", include_str!("../templates/report.typ")));
static DATA: LazyLock<FileId> = LazyLock::new(|| file("data.json"));

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("the names of our files are paths");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn template(name: &str, text: &str) -> Source {
    Source::new(file(name), text.to_owned())
}

/// One document to be set in type. Its content reaches the template as data, never as markup, so that
/// nothing in a name or a text can change the document.
pub(crate) struct Paper {
    main: &'static Source,
    data: Bytes,
}

impl Paper {
    pub(crate) fn new(content: &Content) -> Self {
        let main = match content.kind() {
            DocumentKind::Agreement => &*AGREEMENT,
            DocumentKind::CheckLetter => &*CHECK_LETTER,
            DocumentKind::TrainingCertificate => &*CERTIFICATE,
            DocumentKind::PersonReport => &*REPORT,
        };
        let data = serde_json::to_vec(content).expect("a document's content is plain data");
        Self {
            main,
            data: Bytes::new(data),
        }
    }
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [self.main, &*LAYOUT]
            .into_iter()
            .find(|source| source.id() == id)
            .cloned()
            .ok_or_else(|| not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == *DATA {
            Ok(self.data.clone())
        } else {
            Err(not_found(id))
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        // a document's dates are part of its content
        None
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}
