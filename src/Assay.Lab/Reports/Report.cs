using System.Collections.Immutable;

namespace Assay.Lab;

/// <summary>How a report's verdict is meant.</summary>
public enum ReportTone
{
    /// <summary>Neither good nor bad.</summary>
    Neutral,
    /// <summary>As hoped for.</summary>
    Good,
    /// <summary>Needs attention.</summary>
    Warning,
    /// <summary>Not fit for use.</summary>
    Bad,
}

/// <summary>A report: a header and sections, in one HTML file that needs no network.</summary>
/// <param name="Title">What was done.</param>
/// <param name="Verdict">The result in one or two sentences.</param>
/// <param name="When">When it was done.</param>
/// <param name="Sections">The sections, in order; empty ones are left out.</param>
public sealed record Report(string Title, string Verdict, DateTimeOffset When, ImmutableArray<ReportSection> Sections)
{
    /// <summary>How the verdict is meant.</summary>
    public ReportTone Tone { get; init; }

    /// <summary>A line under the title: the data, the model.</summary>
    public string Subtitle { get; init; } = "";
}

/// <summary>A part of a report. Any command composes its report of these.</summary>
/// <param name="Title">The heading.</param>
public abstract record ReportSection(string Title)
{
    /// <summary>A paragraph under the heading that says how to read it, or an empty text.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>Whether there is nothing to show.</summary>
    public virtual bool IsEmpty => false;

    /// <summary>Writes the section's content below its heading.</summary>
    /// <param name="html">The page.</param>
    /// <param name="id">An id that no other section has, for parts that refer to each other.</param>
    public abstract void WriteContent(HtmlBuilder html, string id);
}
