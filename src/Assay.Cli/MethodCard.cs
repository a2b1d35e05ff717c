using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary>One line of the list of methods.</summary>
/// <param name="Name">The name in recipes.</param>
/// <param name="Kind">The kind: loss, data-quality.</param>
/// <param name="Paper">The paper's number, or 0.</param>
/// <param name="Summary">The first sentence of the documentation.</param>
public sealed record MethodLine(string Name, string Kind, int Paper, string Summary)
{
    internal static MethodLine Of(MethodEntry entry) =>
        new(entry.Name, KindName(entry.Kind), entry.Paper, FirstSentence(XmlDocumentation.Of(entry.Type).Summary(entry.Type)));

    internal static string KindName(MethodKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    internal static string FirstSentence(string text)
    {
        var line = text.IndexOf('\n', StringComparison.Ordinal) is var newline and >= 0 ? text[..newline] : text;
        for (var at = line.IndexOf(". ", StringComparison.Ordinal); at >= 0; at = line.IndexOf(". ", at + 1, StringComparison.Ordinal))
        {
            // "et al. 2023", "cf. Table 3" and "i.e. the mean" go on. The next sentence may begin with a symbol in lower case.
            if (!Abbreviations.Any(a => line.AsSpan(0, at).EndsWith(a, StringComparison.Ordinal)))
                return line[..(at + 1)];
        }
        return line;
    }

    private static readonly string[] Abbreviations = [" al", " cf", " e.g", " i.e", " eq", " Eq", " Fig", " Sec", " vs"];
}

/// <summary>A parameter on a method's card.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Type">Its type in words.</param>
/// <param name="Default">The default as a recipe would write it, or null where a value is required.</param>
/// <param name="Summary">What it means.</param>
public sealed record MethodCardParameter(string Name, string Type, string? Default, string Summary);

/// <summary>A public function of a method that is called from code rather than named in a recipe.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Summary">What it computes.</param>
public sealed record MethodCardFunction(string Name, string Summary);

/// <summary>All that is known of a method.</summary>
/// <param name="Name">The name in recipes.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Paper">The paper's number, or 0.</param>
/// <param name="Type">The .NET type.</param>
/// <param name="Summary">What it computes.</param>
/// <param name="Remarks">More of the documentation.</param>
/// <param name="Usage">How a recipe writes it, or null where it is only called from code.</param>
/// <param name="Parameters">The parameters of a recipe.</param>
/// <param name="Functions">The public functions, where it is called from code.</param>
/// <param name="Title">The paper's title, or null where it has no study.</param>
/// <param name="Verdict">The verdict of the paper's study in words, or null where there is none.</param>
public sealed record MethodCard(
    string Name, string Kind, int Paper, string Type, string Summary, string Remarks, string? Usage,
    ImmutableArray<MethodCardParameter> Parameters, ImmutableArray<MethodCardFunction> Functions, string? Title, string? Verdict)
{
    internal static MethodCard Of(MethodEntry entry, Study? study = null, StudyResult? result = null)
    {
        var documentation = XmlDocumentation.Of(entry.Type);
        ImmutableArray<MethodCardParameter> parameters =
            [.. entry.Parameters.Select(p => new MethodCardParameter(p.Name, p.TypeName, p.IsRequired ? null : p.DefaultText, documentation.Parameter(entry.Type, p.Name)))];
        return new(
            entry.Name, MethodLine.KindName(entry.Kind), entry.Paper, entry.Type.FullName!, documentation.Summary(entry.Type), documentation.Remarks(entry.Type),
            entry.CanCreate ? UsageOf(entry.Name, parameters) : null, parameters, entry.CanCreate ? [] : FunctionsOf(entry.Type, documentation),
            study?.Info.Title, VerdictOf(study, result));
    }

    private static string? VerdictOf(Study? study, StudyResult? result) => (study, result) switch
    {
        (null, _) => null,
        (_, null) => $"not measured yet (assay study run {study.Info.Slug})",
        _ => $"{result.InWords} (assay study show {study.Info.Slug})",
    };

    private static string UsageOf(string name, ImmutableArray<MethodCardParameter> parameters) =>
        parameters.IsEmpty ? name : $"{name}({string.Join(", ", parameters.Select(p => $"{p.Name}: {p.Default ?? $"<{p.Type}>"}"))})";

    private static ImmutableArray<MethodCardFunction> FunctionsOf(Type type, XmlDocumentation documentation) =>
    [
        .. type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(m => !m.IsSpecialName)
            .DistinctBy(m => m.Name)
            .Select(m => new MethodCardFunction(m.Name, MethodLine.FirstSentence(documentation.Summary(m)))),
    ];
}
