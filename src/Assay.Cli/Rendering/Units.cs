using System.Globalization;

namespace Assay.Cli;

/// <summary>Quantities as people read them.</summary>
public static class Units
{
    /// <summary>A duration: 0.42 s, 12 s, 3 min 20 s, 2 h 5 min.</summary>
    public static string Duration(TimeSpan time)
    {
        var culture = CultureInfo.InvariantCulture;
        return time.TotalSeconds switch
        {
            < 10 => string.Create(culture, $"{time.TotalSeconds:0.##} s"),
            < 60 => string.Create(culture, $"{time.TotalSeconds:0} s"),
            < 3600 => string.Create(culture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
            _ => string.Create(culture, $"{(int)time.TotalHours} h {time.Minutes} min"),
        };
    }

    /// <summary>A number with about four significant digits; "–" where it is not a number.</summary>
    public static string Number(double value) => double.IsNaN(value) ? "–" : Math.Abs(value) switch
    {
        0 => "0",
        >= 1e6 or < 1e-3 => value.ToString("0.###e0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.###", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    /// <summary>A size: 12 B, 3.4 KiB, 1.2 GiB.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < units.Length - 1; unit++)
            value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }
}
