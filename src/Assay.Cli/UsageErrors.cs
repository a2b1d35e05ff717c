using System.CommandLine;
using System.CommandLine.Parsing;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary>Says in one line what is wrong with a command line and where to read on.</summary>
internal static class UsageErrors
{
    /// <summary>What is wrong, or null.</summary>
    public static string? Find(ParseResult parsed) =>
        Problem(parsed) is { } problem ? $"{problem} (see: {string.Join(' ', CommandPath(parsed.CommandResult))} --help)" : null;

    private static string? Problem(ParseResult parsed)
    {
        // An option that does not exist is taken for an argument where the command has one: it must not pass as a method's name or a file.
        var stray = parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash).FirstOrDefault(t => t.Type == TokenType.Argument && LooksLikeOption(t.Value));
        if (stray is not null)
            return Unknown(stray.Value, parsed.CommandResult.Command);
        if (parsed.Errors.Count == 0)
            return null;
        var error = parsed.Errors[0];
        if (parsed.UnmatchedTokens.Count > 0 && error.Message.Contains($"'{parsed.UnmatchedTokens[0]}'", StringComparison.Ordinal))
            return Unknown(parsed.UnmatchedTokens[0], parsed.CommandResult.Command);
        if (error.SymbolResult is OptionResult { Tokens.Count: > 0 } option && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal))
            return $"{option.Option.Name} takes {TypeName(option.Option.ValueType)}, not '{option.Tokens[^1].Value}'";
        if (error.SymbolResult is ArgumentResult { Tokens.Count: > 0 } argument && error.Message.StartsWith("Cannot parse", StringComparison.Ordinal))
            return $"<{argument.Argument.Name}> takes {TypeName(argument.Argument.ValueType)}, not '{argument.Tokens[^1].Value}'";
        return error.Message.TrimEnd('.');
    }

    private static bool LooksLikeOption(string token) =>
        token.Length > 2 && token.StartsWith("--", StringComparison.Ordinal) && char.IsAsciiLetter(token[2]) && !token.Contains(' ', StringComparison.Ordinal);

    private static string Unknown(string token, Command command)
    {
        if (token.StartsWith('-'))
        {
            var name = token.Split('=')[0];
            return $"unknown option '{name}'{Spelling.Suggestion(name, OptionNames(command))}";
        }
        if (command.Subcommands.Count == 0)
            return $"unexpected argument '{token}'";
        var known = command.Subcommands.Select(c => c.Name);
        var suggestion = Spelling.Suggestion(token, known);
        return $"unknown command '{token}'{(suggestion.Length > 0 ? suggestion : $"; known: {string.Join(", ", known)}")}";
    }

    private static IEnumerable<string> OptionNames(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(p => p.Options).Where(o => o.Recursive)).Select(o => o.Name);

    private static string TypeName(Type type)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        target = target.IsArray ? target.GetElementType()! : target;
        return target.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(target).Select(n => n.ToLowerInvariant()))}"
            : target == typeof(int) || target == typeof(long) ? "an integer"
            : target == typeof(double) || target == typeof(float) ? "a number"
            : target == typeof(bool) ? "true or false"
            : $"a {target.Name}";
    }

    private static List<string> CommandPath(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
                names.Insert(0, command.Parent is null ? "assay" : command.Command.Name);
        }
        return names;
    }
}
