namespace Assay.Cli;

/// <summary>Methods in a list on the command line: commas divide them, but not their parameters.</summary>
internal static class CommaList
{
    /// <summary>The parts of all texts, without empty ones.</summary>
    public static IEnumerable<string> Of(params IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            var (depth, start) = (0, 0);
            for (var i = 0; i <= text.Length; i++)
            {
                if (i < text.Length && text[i] is '(' or '[')
                    depth++;
                else if (i < text.Length && text[i] is ')' or ']')
                    depth--;
                if (i < text.Length && (text[i] != ',' || depth > 0))
                    continue;
                if (text[start..i].Trim() is { Length: > 0 } part)
                    yield return part;
                start = i + 1;
            }
        }
    }
}
