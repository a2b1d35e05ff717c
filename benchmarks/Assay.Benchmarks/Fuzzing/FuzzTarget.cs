using System.Collections.Immutable;
using System.Text.Json;

namespace Assay.Benchmarks;

/// <summary>A file of a fuzz target.</summary>
/// <param name="Path">Its path inside the target's folder.</param>
/// <param name="Content">Its undamaged bytes.</param>
/// <param name="IsText">Whether it is also damaged as a text.</param>
internal sealed record FuzzFile(string Path, byte[] Content, bool IsText);

/// <summary>A command (or a reader of the library) over a few files, one of which is damaged in each case.</summary>
/// <param name="Name">What is fuzzed.</param>
/// <param name="Arguments">The command line; the folder of the files is the current one. Empty where <see cref="Read"/> is called instead.</param>
/// <param name="Files">The files.</param>
internal sealed record FuzzTarget(string Name, string[] Arguments, ImmutableArray<FuzzFile> Files)
{
    /// <summary>How often it is drawn, compared with others.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>The files that are damaged, by index; all where empty.</summary>
    public ImmutableArray<int> Damaged { get; init; } = [];

    /// <summary>A reader without a command: takes the folder, throws <see cref="InvalidDataException"/> where it refuses.</summary>
    public Action<string>? Read { get; init; }

    /// <summary>
    /// Compares an accepted file's result (the command's JSON) with what a plain second reading of the files gives: null where they agree, a
    /// sentence where they do not. Returns <see cref="Unknown"/> where the second reading is not sure how to read the damaged file.
    /// </summary>
    public Func<string, JsonElement, string?>? Check { get; init; }

    /// <summary>A check that could not be made.</summary>
    public const string Unknown = "?";
}

/// <summary>How one case ended.</summary>
internal enum FuzzOutcome
{
    /// <summary>The file was read and the result agrees with a second, plain reading.</summary>
    Checked,
    /// <summary>The file was read; there is no second reading to compare with.</summary>
    Read,
    /// <summary>Refused in one line on standard error, exit code 2.</summary>
    Refused,
    /// <summary>Read, but a number differs from the second reading.</summary>
    Wrong,
    /// <summary>An exit code of 1, an exception that no command expects, or an error that is not one line.</summary>
    Crash,
    /// <summary>Not done in time.</summary>
    Hang,
    /// <summary>More memory than such a file can need.</summary>
    Memory,
}

/// <summary>The cases of one target.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="Counts">How many cases ended how.</param>
/// <param name="Named">The refusals that name a damaged file, a line, a row or a column.</param>
/// <param name="Failures">The cases that must be mended, the first few in words.</param>
internal sealed record FuzzResult(string Target, ImmutableDictionary<FuzzOutcome, int> Counts, int Named, ImmutableArray<string> Failures)
{
    public int this[FuzzOutcome outcome] => Counts.GetValueOrDefault(outcome);

    public int Total => Counts.Values.Sum();
}
