using System.Collections.Immutable;
using System.Globalization;

namespace Assay.Statistics;

/// <summary>
/// A method named in text with its arguments, such as <c>dice-loss(gamma: 1)</c>, <c>mlp(512, 512)</c> or
/// <c>wsd(warmup: 100, decay: linear(0.1))</c>. A value is a scalar, a list in brackets, or another expression.
/// </summary>
/// <param name="Name">The method's name.</param>
/// <param name="Arguments">The arguments in the order written.</param>
/// <param name="Position">The zero-based offset of the name in the text.</param>
public sealed record MethodExpression(string Name, ImmutableArray<MethodArgument> Arguments, int Position)
{
    /// <summary>Parses an expression.</summary>
    /// <param name="text">The text, for example <c>adamw(learningRate: 1e-3)</c>.</param>
    /// <exception cref="MethodFormatException">The text is not an expression; the exception holds the offset.</exception>
    public static MethodExpression Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Parser(text).ParseWhole();
    }

    /// <summary>The expression as text that parses back to the same expression.</summary>
    public override string ToString() =>
        Arguments.IsEmpty ? Name : $"{Name}({string.Join(", ", Arguments.Select(a => a.Name is null ? Show(a.Value) : $"{a.Name}: {Show(a.Value)}"))})";

    internal static string Show(object value) => value switch
    {
        ImmutableArray<object> list => $"[{string.Join(", ", list.Select(Show))}]",
        MethodScalar { Quoted: true } s => $"\"{s.Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
        MethodScalar s => s.Text,
        _ => value.ToString() ?? "",
    };

    private sealed class Parser(string text)
    {
        private int position;

        public MethodExpression ParseWhole()
        {
            var expression = ParseExpression();
            SkipSpace();
            return position == text.Length ? expression : throw Error($"unexpected '{text[position]}'");
        }

        private MethodExpression ParseExpression()
        {
            SkipSpace();
            var start = position;
            var name = ParseWord();
            if (name.Length == 0)
                throw Error("a method name was expected");
            SkipSpace();
            return new MethodExpression(name, TryTake('(') ? ParseArguments() : [], start);
        }

        private ImmutableArray<MethodArgument> ParseArguments()
        {
            var arguments = ImmutableArray.CreateBuilder<MethodArgument>();
            SkipSpace();
            if (TryTake(')'))
                return [];
            do
            {
                SkipSpace();
                var start = position;
                var word = ParseWord();
                SkipSpace();
                if (word.Length > 0 && TryTake(':'))
                    arguments.Add(new MethodArgument(word, ParseValue(), start));
                else
                {
                    position = start;
                    arguments.Add(new MethodArgument(null, ParseValue(), start));
                }
                SkipSpace();
            }
            while (TryTake(','));
            return TryTake(')') ? arguments.ToImmutable() : throw Error("',' or ')' was expected");
        }

        private object ParseValue()
        {
            SkipSpace();
            if (position == text.Length)
                throw Error("a value was expected");
            if (TryTake('['))
                return ParseList();
            if (text[position] is '"' or '\'')
                return ParseQuoted(text[position++]);
            var start = position;
            var word = ParseWord();
            if (word.Length == 0)
                throw Error($"a value was expected, not '{text[position]}'");
            SkipSpace();
            if (position < text.Length && text[position] == '(')
            {
                position = start;
                return ParseExpression();
            }
            return new MethodScalar(word, Quoted: false, start);
        }

        private ImmutableArray<object> ParseList()
        {
            var items = ImmutableArray.CreateBuilder<object>();
            SkipSpace();
            if (TryTake(']'))
                return [];
            do
            {
                items.Add(ParseValue());
                SkipSpace();
            }
            while (TryTake(','));
            return TryTake(']') ? items.ToImmutable() : throw Error("',' or ']' was expected");
        }

        private MethodScalar ParseQuoted(char quote)
        {
            var start = position - 1;
            var content = new System.Text.StringBuilder();
            while (position < text.Length && text[position] != quote)
            {
                if (text[position] == '\\' && position + 1 < text.Length)
                    position++;
                content.Append(text[position++]);
            }
            return TryTake(quote) ? new MethodScalar(content.ToString(), Quoted: true, start) : throw Error("the quotation is not closed");
        }

        // Words hold names and numbers alike: cross-entropy, 1e-3, -0.5, 2x1000, data/file.csv.
        private string ParseWord()
        {
            var start = position;
            while (position < text.Length && (char.IsLetterOrDigit(text[position]) || text[position] is '-' or '_' or '.' or '+' or '/' or '%' or '*' or '@'))
                position++;
            return text[start..position];
        }

        private void SkipSpace()
        {
            while (position < text.Length && char.IsWhiteSpace(text[position]))
                position++;
        }

        private bool TryTake(char c)
        {
            if (position == text.Length || text[position] != c)
                return false;
            position++;
            return true;
        }

        private MethodFormatException Error(string problem) =>
            new(string.Create(CultureInfo.InvariantCulture, $"in '{text}' at character {position + 1}: {problem}"), position);
    }
}

/// <summary>One argument of a <see cref="MethodExpression"/>.</summary>
/// <param name="Name">The parameter's name, or null for a positional argument.</param>
/// <param name="Value">A <see cref="MethodScalar"/>, a <see cref="MethodExpression"/>, or an <see cref="ImmutableArray{T}"/> of these.</param>
/// <param name="Position">The zero-based offset in the text.</param>
public sealed record MethodArgument(string? Name, object Value, int Position);

/// <summary>A scalar value as written; its type is decided by the parameter that takes it.</summary>
/// <param name="Text">The text without quotation marks.</param>
/// <param name="Quoted">Whether it stood in quotation marks.</param>
/// <param name="Position">The zero-based offset in the text.</param>
public sealed record MethodScalar(string Text, bool Quoted, int Position)
{
    /// <inheritdoc/>
    public override string ToString() => MethodExpression.Show(this);
}

/// <summary>A method expression cannot be parsed, or does not fit the method that it names.</summary>
public sealed class MethodFormatException : FormatException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong and what was expected.</param>
    /// <param name="position">The zero-based offset in the expression's text.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public MethodFormatException(string message, int position = 0, Exception? inner = null) : base(message, inner) => Position = position;

    /// <summary>The zero-based offset in the expression's text.</summary>
    public int Position { get; }
}
