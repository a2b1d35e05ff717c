namespace Assay.Statistics;

/// <summary>A confidence interval [<paramref name="Low"/>, <paramref name="High"/>]; both ends are NaN where none can be given.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
/// <param name="Level">The confidence level, 0.95 unless said otherwise.</param>
public readonly record struct Interval(double Low, double High, double Level = 0.95)
{
    /// <summary>The interval that says nothing.</summary>
    public static Interval Unknown { get; } = new(double.NaN, double.NaN);

    /// <summary>Whether a value lies inside, ends included.</summary>
    public bool Contains(double value) => value >= Low && value <= High;

    /// <summary>High − Low.</summary>
    public double Width => High - Low;

    /// <summary>The interval cut to a range in which the quantity must lie.</summary>
    public Interval Clip(double min, double max) => this with { Low = Math.Clamp(Low, min, max), High = Math.Clamp(High, min, max) };

    /// <summary>The interval of an increasing function of the quantity.</summary>
    public Interval Map(Func<double, double> increasing)
    {
        ArgumentNullException.ThrowIfNull(increasing);
        return this with { Low = increasing(Low), High = increasing(High) };
    }

    /// <summary>value ± z·se with the normal quantile of the level; unknown where the standard error is not finite.</summary>
    public static Interval Normal(double value, double standardError, double level = 0.95)
    {
        CheckLevel(level);
        if (!double.IsFinite(standardError))
            return Unknown with { Level = level };
        var margin = Tails.NormalQuantile(0.5 + level / 2) * standardError;
        return new Interval(value - margin, value + margin, level);
    }

    internal static void CheckLevel(double level)
    {
        if (!(level > 0 && level < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "a confidence level strictly between 0 and 1 was expected");
    }
}

/// <summary>A value with its confidence interval. The value is NaN where the quantity is undefined.</summary>
/// <param name="Value">The point estimate.</param>
/// <param name="Interval">Its interval.</param>
public readonly record struct Estimate(double Value, Interval Interval)
{
    /// <summary>A quantity that is not defined on the data at hand.</summary>
    public static Estimate Undefined { get; } = new(double.NaN, Interval.Unknown);

    /// <summary>Whether the quantity is defined.</summary>
    public bool IsDefined => !double.IsNaN(Value);
}
