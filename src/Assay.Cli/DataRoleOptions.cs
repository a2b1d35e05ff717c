using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Assay.Data;

namespace Assay.Cli;

/// <summary>The options that say which column of a file plays which part, for every command that reads data.</summary>
internal sealed class DataRoleOptions
{
    private readonly Option<string?> label = Column("--label", "The column of class labels.");
    private readonly Option<string?> target = Column("--target", "The column of real-valued targets.");
    private readonly Option<string?> text = Column("--text", "The column of texts.");
    private readonly Option<string?> domain = Column("--domain", "The column that says where an example comes from.");
    private readonly Option<string?> group = Column("--group", "The column that says which examples belong together.");
    private readonly Option<string?> id = Column("--id", "The column of unique ids; the row number without it.");
    private readonly Option<string?> drop = new("--drop") { Description = "Columns to leave out.", HelpName = "a,b" };
    private readonly Option<string?> classes = new("--classes") { Description = "The classes in order; a label outside is an error.", HelpName = "a,b" };
    private readonly Option<MissingValues?> missing = new("--missing") { Description = "What becomes of missing features: refuse, mean, median, keep.", HelpName = "what" };
    private readonly Option<string?> imageSize = new("--image-size") { Description = "Images of a folder: the size they are resized to.", HelpName = "height×width" };
    private readonly Option<bool> grey = new("--grey") { Description = "Images of a folder: read them in grey." };
    private readonly Option<string?> shape = new("--shape") { Description = "The features of a table are images of this shape.", HelpName = "channels×height×width" };

    public void AddTo(Command command)
    {
        foreach (var option in All)
            command.Add(option);
    }

    /// <summary>Whether the user gave any of them.</summary>
    public bool AreGiven(CommandSession session) => All.Any(session.Has);

    /// <summary>What becomes of missing features, or null where the user did not say.</summary>
    public MissingValues? Missing(CommandSession session) => session.Get(missing);

    /// <summary>The roles, with a choice for missing features where the user made none.</summary>
    public DataRoles Read(CommandSession session, MissingValues otherwise = MissingValues.Refuse) => new()
    {
        Label = session.Get(label),
        Target = session.Get(target),
        Text = session.Get(text),
        Domain = session.Get(domain),
        Group = session.Get(group),
        Id = session.Get(id),
        Drop = List(session.Get(drop)),
        Classes = List(session.Get(classes)),
        Missing = session.Get(missing) ?? otherwise,
        ImageSize = Sizes(session.Get(imageSize), "--image-size", 2) is [var height, var width] ? (height, width) : null,
        Grey = session.Get(grey) ? true : null,
        Shape = Sizes(session.Get(shape), "--shape", 3),
    };

    private Option[] All => [label, target, text, domain, group, id, drop, classes, missing, imageSize, grey, shape];

    private static Option<string?> Column(string name, string description) => new(name) { Description = description, HelpName = "column" };

    private static ImmutableArray<string> List(string? text) => text is null ? [] : [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    // 28×28, 28x28 and 28,28 are all understood.
    private static ImmutableArray<int> Sizes(string? text, string option, int count)
    {
        if (text is null)
            return [];
        var sizes = text.Split('x', '×', ',').Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0).ToImmutableArray();
        return sizes.Length == count && sizes.All(s => s > 0) ? sizes : throw new ArgumentException($"{option} '{text}': {count} sizes such as {string.Join('x', Enumerable.Repeat(28, count))} were expected");
    }
}
