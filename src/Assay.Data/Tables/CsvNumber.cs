using System.Globalization;
using System.Runtime.CompilerServices;

namespace Assay.Data;

/// <summary>
/// Parses decimal numbers from UTF-8 bytes. Up to 15 digits with a small exponent are exact by one multiplication or division of doubles
/// (Clinger 1990); the rest goes to the framework.
/// </summary>
internal static unsafe class CsvNumber
{
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, 23).Select(i => double.Parse($"1e{i}", CultureInfo.InvariantCulture))];

    /// <summary>The markers of a missing value, besides the empty cell.</summary>
    private static readonly string[] Missing = ["NA", "NaN", "nan", "null", "NULL", "N/A", "n/a", "None", "<NA>", "#N/A", "?", "-nan"];

    /// <summary>
    /// Parses the number at <paramref name="p"/>, which must be followed by some byte that cannot belong to a number.
    /// </summary>
    /// <param name="p">The first byte.</param>
    /// <param name="approximate">Whether an error of one unit in the last place of double precision is allowed, which single precision cannot show.</param>
    /// <param name="value">The number.</param>
    /// <param name="precise">Whether single precision would lose something that was written: an integer or more than 9 digits.</param>
    /// <returns>The byte after the number, or null where the quick way does not apply.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Parse(byte* p, bool approximate, out double value, out bool precise)
    {
        var negative = *p == '-';
        if (negative || *p == '+')
            p++;
        ulong mantissa = 0;
        uint digit;
        var start = p;
        while ((digit = (uint)(*p - '0')) <= 9)
        {
            mantissa = mantissa * 10 + digit;
            p++;
        }
        var digits = p - start;
        var exponent = 0;
        var integer = true;
        if (*p == '.')
        {
            integer = false;
            var fraction = ++p;
            while ((digit = (uint)(*p - '0')) <= 9)
            {
                mantissa = mantissa * 10 + digit;
                p++;
            }
            exponent = (int)Math.Max(fraction - p, -100);
            digits += p - fraction;
        }
        value = 0;
        precise = false;
        if (digits is 0 or > 19)
            return null;
        if ((*p | 0x20) == 'e')
        {
            integer = false;
            p++;
            var minus = *p == '-';
            if (minus || *p == '+')
                p++;
            var written = 0;
            start = p;
            while ((digit = (uint)(*p - '0')) <= 9 && p - start < 5)
            {
                written = written * 10 + (int)digit;
                p++;
            }
            if (p == start)
                return null;
            exponent += minus ? -written : written;
        }
        if ((mantissa > 1UL << 53 && !approximate) || exponent < -22 || exponent > 22)
            return null;
        value = exponent < 0 ? mantissa / PowersOfTen[-exponent] : mantissa * PowersOfTen[exponent];
        if (negative)
            value = -value;
        precise = (integer ? mantissa > 1UL << 24 : mantissa > 999_999_999) && (float)value != value;
        return p;
    }

    /// <summary>Parses a whole cell in any way that a number or a missing value (NaN) is written.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="value">The number.</param>
    /// <param name="precise">Whether single precision would lose something that was written.</param>
    /// <returns>False if the cell is text.</returns>
    public static bool TryParse(ReadOnlySpan<byte> cell, out double value, out bool precise)
    {
        precise = false;
        value = double.NaN;
        cell = cell.Trim(" \t"u8);
        if (cell.IsEmpty)
            return true;
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            precise = IsPrecise(cell, value);
            return true;
        }
        return IsWord(cell, out value);
    }

    // Whether more than 9 significant digits, or an integer, or the range are lost in single precision.
    private static bool IsPrecise(ReadOnlySpan<byte> cell, double value)
    {
        if ((float)value == value || !double.IsFinite(value))
            return false;
        if (Math.Abs(value) is > float.MaxValue or < 1.1754944e-38)
            return true;
        var digits = 0;
        var integer = true;
        foreach (var b in cell)
        {
            if (b is (byte)'e' or (byte)'E')
            {
                integer = false;
                break;
            }
            integer &= b != '.';
            if (b is >= (byte)'1' and <= (byte)'9' || (b == '0' && digits > 0))
                digits++;
        }
        return integer || digits > 9;
    }

    private static bool IsWord(ReadOnlySpan<byte> cell, out double value)
    {
        value = double.NaN;
        if (cell.Length > 9)
            return false;
        Span<char> word = stackalloc char[cell.Length];
        for (var i = 0; i < cell.Length; i++)
            word[i] = (char)cell[i];
        foreach (var marker in Missing)
        {
            if (word.SequenceEqual(marker))
                return true;
        }
        var bare = word.TrimStart("+-");
        if (bare.Equals("inf", StringComparison.OrdinalIgnoreCase) || bare.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            value = word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return bare.Length >= word.Length - 1;
        }
        return false;
    }
}
