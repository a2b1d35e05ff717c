using System.Globalization;
using Assay.Statistics;

namespace Assay.Lab;

/// <summary>Numbers as a report prints them: no more digits than the interval carries.</summary>
public static class ReportNumbers
{
    /// <summary>A value; four significant digits, "–" where it is undefined.</summary>
    public static string Value(double value) => double.IsNaN(value) ? "–" : Rounded(value, DecimalsFor(Math.Abs(value), 4));

    /// <summary>A value with the digits that its interval leaves meaningful, without the interval.</summary>
    public static string Value(Estimate estimate) => double.IsNaN(estimate.Value) ? "–" : Rounded(estimate.Value, Decimals(estimate));

    /// <summary>An interval: "[0.897, 0.929]"; empty where there is none.</summary>
    public static string Interval(Estimate estimate) => double.IsFinite(estimate.Interval.Low) && double.IsFinite(estimate.Interval.High)
        ? $"[{Rounded(estimate.Interval.Low, Decimals(estimate))}, {Rounded(estimate.Interval.High, Decimals(estimate))}]"
        : "";

    /// <summary>A value with its interval: "0.914 [0.897, 0.929]".</summary>
    public static string ValueAndInterval(Estimate estimate) => $"{Value(estimate)} {Interval(estimate)}".TrimEnd();

    /// <summary>A share in percent: "91.4 %".</summary>
    public static string Percent(double share) => double.IsNaN(share) ? "–" : string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %");

    // Two significant digits of the interval's width.
    private static int Decimals(Estimate estimate) => estimate.Interval.Width is > 0 and < double.PositiveInfinity and var width
        ? DecimalsFor(width, 2)
        : DecimalsFor(Math.Abs(estimate.Value), 4);

    private static int DecimalsFor(double magnitude, int digits) =>
        magnitude == 0 || !double.IsFinite(magnitude) ? 0 : Math.Clamp(digits - 1 - (int)Math.Floor(Math.Log10(magnitude)), 0, 8);

    private static string Rounded(double value, int decimals) => Math.Abs(value) is >= 1e7 or (> 0 and < 1e-6)
        ? value.ToString("0.###e0", CultureInfo.InvariantCulture)
        : (Math.Round(value, decimals) + 0.0).ToString($"F{decimals}", CultureInfo.InvariantCulture).Replace("-", "−", StringComparison.Ordinal);
}
