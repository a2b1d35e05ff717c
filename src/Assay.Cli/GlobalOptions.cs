using System.CommandLine;

namespace Assay.Cli;

/// <summary>The options that every command has.</summary>
public sealed class GlobalOptions
{
    /// <summary>Print the result as JSON.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON.", Recursive = true };

    /// <summary>Print nothing but errors.</summary>
    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Print nothing but errors; the exit code tells.", Recursive = true };

    /// <summary>Print the stack trace of an error.</summary>
    public Option<bool> Debug { get; } = new("--debug") { Description = "Print where an error came from.", Recursive = true };
}
