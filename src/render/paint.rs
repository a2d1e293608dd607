use anstyle::{AnsiColor, Style};

/// Which styles a renderer emits; none where the text must be plain.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    on: bool,
}

impl Paint {
    pub fn plain() -> Self {
        Self { on: false }
    }
    /// For a stream that strips what it cannot show (`anstream`).
    pub fn styled() -> Self {
        Self { on: true }
    }
    pub fn is_styled(self) -> bool {
        self.on
    }
    fn style(self, style: Style) -> Style {
        if self.on { style } else { Style::new() }
    }
    pub fn strong(self) -> Style {
        self.style(Style::new().bold())
    }
    pub fn faint(self) -> Style {
        self.style(Style::new().dimmed())
    }
    pub fn gives(self) -> Style {
        self.style(AnsiColor::Green.on_default())
    }
    pub fn takes(self) -> Style {
        self.style(AnsiColor::Red.on_default())
    }
    pub fn alters(self) -> Style {
        self.style(AnsiColor::Yellow.on_default())
    }
    /// What must not be overlooked: high risk, tripped guards, incomplete readings.
    pub fn alarm(self) -> Style {
        self.style(AnsiColor::Red.on_default().bold())
    }
}
