/// What somebody does for one member, once, on request: never desired state, and so never in a plan
/// (SYSTEMS.md, One-off actions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OneOff {
    ResetPassword,
    /// The second factor of signing in.
    ResetTwoFactor,
    /// The invitation of a pending member once more.
    Resend,
    /// A new link of an invitation, in place of a lost one.
    Link,
}

impl OneOff {
    pub const ALL: [OneOff; 4] = [OneOff::ResetPassword, OneOff::ResetTwoFactor, OneOff::Resend, OneOff::Link];

    /// As the command line spells it.
    pub fn word(self) -> &'static str {
        match self {
            OneOff::ResetPassword => "reset-password",
            OneOff::ResetTwoFactor => "reset-2fa",
            OneOff::Resend => "resend",
            OneOff::Link => "link",
        }
    }
}
