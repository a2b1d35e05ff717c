using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Assay.Lab;

/// <summary>RawHtml that is put into a page as it is.</summary>
/// <param name="Text">The markup.</param>
public readonly record struct RawHtml(string Text);

/// <summary>
/// Builds HTML from interpolated strings: the literal parts are markup, everything in braces is escaped, so that no name, label or text
/// of the data can become markup. RawHtml is put in with a <see cref="RawHtml"/> value.
/// </summary>
public sealed class HtmlBuilder
{
    private readonly StringBuilder text = new();

    /// <summary>Appends markup with escaped values.</summary>
    public HtmlBuilder Append([InterpolatedStringHandlerArgument("")] ref Handler markup)
    {
        _ = markup;
        return this;
    }

    /// <summary>The page so far.</summary>
    public override string ToString() => text.ToString();

    /// <summary>Escapes what an interpolated string holds in braces.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler
    {
        private readonly StringBuilder target;

        /// <summary>Called by the compiler.</summary>
        public Handler(int literalLength, int formattedCount, HtmlBuilder builder)
        {
            _ = (literalLength, formattedCount);
            target = builder.text;
        }

        /// <summary>Called by the compiler.</summary>
        public void AppendLiteral(string markup) => target.Append(markup);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted(RawHtml markup) => target.Append(markup.Text);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value, string? format = null) =>
            target.Append(WebUtility.HtmlEncode(value is IFormattable formattable ? formattable.ToString(format, CultureInfo.InvariantCulture) : value?.ToString()));
    }
}
