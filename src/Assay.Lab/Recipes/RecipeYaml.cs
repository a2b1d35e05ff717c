using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Assay.Lab;

/// <summary>Reads YAML into a recipe's tree, with the places of all nodes.</summary>
internal static class RecipeYaml
{
    /// <summary>Reads a document.</summary>
    /// <exception cref="InvalidDataException">The text is no YAML mapping; the message names source, line and column.</exception>
    public static RecipeMapping Parse(string text, string source)
    {
        var (quoted, lines) = QuoteExpressions(text);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(quoted));
        }
        catch (YamlException e)
        {
            throw new RecipePlace(source, (int)Math.Max(1, e.Start.Line), (int)Math.Max(1, e.Start.Column)).Error(Problem(e), e);
        }
        if (stream.Documents.Count == 0)
            throw new RecipePlace(source, 1, 1).Error("the recipe is empty; at least 'data:' was expected");
        if (stream.Documents.Count > 1)
            throw Place(stream.Documents[1].RootNode, source).Error("a recipe is one document; there is a second one");
        var root = stream.Documents[0].RootNode;
        return Convert(root, source, lines, depth: 0) as RecipeMapping ?? throw Place(root, source).Error("'key: value' lines were expected");
    }

    /// <summary>Reads the value of an override. An expression is taken as it is; anything else is YAML.</summary>
    public static RecipeNode ParseValue(string text, RecipePlace place)
    {
        if (EndOfExpression(text, 0) == text.Length)
            return new RecipeScalar(text, IsQuoted: false, place);
        try
        {
            var root = Parse($"value: {text}", place.Source).Entries.Single().Value;
            return Move(root, place);
        }
        catch (InvalidDataException e)
        {
            throw place.Error($"'{text}' is no value", e);
        }
    }

    /// <summary>
    /// Puts expressions such as <c>adamw(learningRate: 1e-3)</c> into quotation marks: YAML alone would take the colon for a nested key.
    /// </summary>
    /// <returns>The text, and the lines (from 1) that were changed.</returns>
    internal static (string Text, HashSet<int> Lines) QuoteExpressions(string text)
    {
        var lines = text.Split('\n');
        var changed = new HashSet<int>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd('\r');
            if (StartOfValue(line) is not { } start || EndOfExpression(line, start) is not { } end || !line.AsSpan(start, end - start).Contains('('))
                continue;
            var rest = line.AsSpan(end).Trim();
            if (rest.Length > 0 && rest[0] != '#')
                continue;
            lines[i] = $"{line[..start]}'{line[start..end].Replace("'", "''", StringComparison.Ordinal)}'{line[end..]}";
            changed.Add(i + 1);
        }
        return (string.Join('\n', lines), changed);
    }

    private static int? StartOfValue(string line)
    {
        var at = 0;
        while (at < line.Length && line[at] is ' ' or '-')
            at++;
        var key = at;
        while (at < line.Length && (char.IsAsciiLetterOrDigit(line[at]) || line[at] is '-' or '_'))
            at++;
        if (at > key && at < line.Length && line[at] == ':')
            at++;
        else
            at = key; // an item of a list
        while (at < line.Length && line[at] == ' ')
            at++;
        return at < line.Length && char.IsAsciiLetter(line[at]) ? at : null;
    }

    // The end of name or name(…) with balanced brackets, or null.
    private static int? EndOfExpression(string line, int start)
    {
        var at = start;
        while (at < line.Length && (char.IsAsciiLetterOrDigit(line[at]) || line[at] is '-' or '_'))
            at++;
        if (at == start || at == line.Length || line[at] != '(')
            return null;
        var depth = 0;
        for (char? quote = null; at < line.Length; at++)
        {
            if (quote is not null)
                quote = line[at] == quote ? null : quote;
            else if (line[at] is '"' or '\'')
                quote = line[at];
            else if (line[at] is '(' or '[')
                depth++;
            else if (line[at] is ')' or ']' && --depth == 0)
                return at + 1;
        }
        return null;
    }

    private static RecipeNode Convert(YamlNode node, string source, HashSet<int> quotedLines, int depth)
    {
        var place = Place(node, source);
        if (depth > 16)
            throw place.Error("the recipe is nested too deeply");
        switch (node)
        {
            case YamlScalarNode scalar:
                var byUs = scalar.Style == ScalarStyle.SingleQuoted && quotedLines.Contains(place.Line);
                var isQuoted = scalar.Style is ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted && !byUs;
                return new RecipeScalar(scalar.Value ?? "", isQuoted, isQuoted ? place.Shift(1) : place);
            case YamlSequenceNode sequence:
                return new RecipeList([.. sequence.Children.Select(c => Convert(c, source, quotedLines, depth + 1))], place);
            case YamlMappingNode mapping:
                return new RecipeMapping([.. mapping.Children.Select(p => new RecipeEntry(Key(p.Key, source), Place(p.Key, source), Convert(p.Value, source, quotedLines, depth + 1)))], place);
            default:
                throw place.Error("a value, a list or 'key: value' lines were expected");
        }
    }

    private static string Key(YamlNode node, string source) =>
        node is YamlScalarNode { Value: { Length: > 0 } key } ? key : throw Place(node, source).Error("a key was expected");

    private static RecipePlace Place(YamlNode node, string source) => new(source, (int)node.Start.Line, (int)node.Start.Column);

    private static RecipeNode Move(RecipeNode node, RecipePlace place) => node switch
    {
        RecipeList list => new RecipeList([.. list.Items.Select(i => Move(i, place))], place),
        RecipeMapping mapping => new RecipeMapping([.. mapping.Entries.Select(e => new RecipeEntry(e.Key, place, Move(e.Value, place)))], place),
        _ => node with { Place = place },
    };

    // YamlDotNet's messages carry the place too, and some a second sentence of internals.
    private static string Problem(YamlException e)
    {
        var message = new StringBuilder(e.InnerException is YamlException inner ? inner.Message : e.Message);
        var end = message.ToString().IndexOf("): ", StringComparison.Ordinal);
        var text = message[0] == '(' && end > 0 ? message.ToString(end + 3, message.Length - end - 3) : message.ToString();
        return $"no valid YAML: {char.ToLowerInvariant(text[0])}{text[1..].TrimEnd('.')}";
    }
}
