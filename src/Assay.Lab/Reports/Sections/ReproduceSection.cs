using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Lab;

/// <summary>How to do it again: command, recipe, seed, versions, machine.</summary>
/// <param name="Command">The command line.</param>
public sealed record ReproduceSection(string Command) : ReportSection("How to reproduce this")
{
    /// <summary>The recipe's text, or null.</summary>
    public string? Recipe { get; init; }

    /// <summary>The seeds, or empty.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [];

    /// <summary>The machine.</summary>
    public string Machine { get; init; } = Lab.Machine.Description;

    /// <summary>The versions.</summary>
    public ImmutableSortedDictionary<string, string> Versions { get; init; } = Lab.Machine.Versions;

    /// <summary>Hashes of the inputs by file, or empty.</summary>
    public ImmutableSortedDictionary<string, string> Inputs { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The section of a run.</summary>
    public static ReproduceSection Of(RunInfo run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new(run.Command) { Recipe = run.Recipe, Seeds = run.Seed is { } seed ? [seed] : [], Machine = run.Machine, Versions = run.Versions };
    }

    /// <inheritdoc/>
    public override void WriteContent(HtmlBuilder html, string id)
    {
        ArgumentNullException.ThrowIfNull(html);
        html.Append($"<pre>{Command}</pre>\n<dl>");
        if (!Seeds.IsEmpty)
            html.Append($"<dt>{(Seeds.Length == 1 ? "seed" : "seeds")}</dt><dd>{string.Join(", ", Seeds.Select(s => s.ToString(CultureInfo.InvariantCulture)))}</dd>");
        html.Append($"<dt>machine</dt><dd>{Machine}</dd><dt>versions</dt><dd>{string.Join(", ", Versions.Select(v => $"{v.Key} {v.Value}"))}</dd>");
        foreach (var (file, hash) in Inputs)
            html.Append($"<dt>{file}</dt><dd>SHA-256 {hash}</dd>");
        html.Append($"</dl>\n");
        if (Recipe is not null)
            html.Append($"<details open><summary>The recipe</summary><pre>{Recipe.Trim()}</pre></details>\n");
    }
}
