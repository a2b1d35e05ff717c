using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// A map from a model's scores to calibrated probabilities, learnt on held-out predictions with truth. <see cref="Fit"/> learns it in place,
/// <see cref="Apply"/> uses it on other predictions of the same model, <see cref="Save"/> and <see cref="Load"/> keep it as JSON without loss.
/// Where only probabilities are known, their logarithms stand for the logits: the same up to a constant a row, which softmax ignores.
/// </summary>
/// <example><code>
/// var calibrator = new TemperatureScaling().Fit(validation);
/// var calibrated = calibrator.Apply(test);
/// calibrator.Save("temperature.json");
/// </code></example>
[MethodValue]
public abstract class Calibrator
{
    private static readonly Lazy<MethodCatalog> Catalog = new(() => MethodCatalog.Of(typeof(Calibrator).Assembly));

    private string fingerprint = "";

    private protected Calibrator()
    {
    }

    /// <summary>The method's name.</summary>
    public string Name => GetType().GetCustomAttribute<MethodAttribute>()!.Name;

    /// <summary>The method with its options, as a recipe or <c>--method</c> would write it.</summary>
    public string Expression
    {
        get
        {
            var options = Catalog.Value.Find(Name).Parameters.Select(p => (p.Name, Value: Text(GetType().GetProperty(char.ToUpperInvariant(p.Name[0]) + p.Name[1..])!.GetValue(this)!), Default: p.Default is null ? "" : Text(p.Default)));
            var set = options.Where(o => o.Value != o.Default).Select(o => $"{o.Name}: {o.Value}").ToArray();
            return set.Length == 0 ? Name : $"{Name}({string.Join(", ", set)})";
        }
    }

    /// <summary>Whether there is something to apply.</summary>
    public bool IsFitted => ClassCount > 0;

    /// <summary>The number of classes of the predictions it was fitted on; 0 before.</summary>
    public int ClassCount { get; private set; }

    /// <summary>The names of those classes, where they had names.</summary>
    public ImmutableArray<string> ClassNames { get; private set; } = [];

    /// <summary>The number of examples it was fitted on.</summary>
    public int FittedCount { get; private set; }

    /// <summary>The number of transformed copies of the inputs that it was fitted with and that <see cref="Apply"/> needs.</summary>
    public int TransformCount { get; private set; }

    /// <summary>What the user should know of the last fit; empty where nothing is amiss.</summary>
    public ImmutableArray<string> Warnings { get; private protected set; } = [];

    /// <summary>Whether the predicted class of every example stays what it was.</summary>
    public abstract bool KeepsPredictions { get; }

    /// <summary>What was learnt, in a few words.</summary>
    /// <exception cref="InvalidOperationException">Nothing was.</exception>
    public abstract string Summary { get; }

    /// <summary>Whether predictions on transformed copies of the inputs can be used.</summary>
    public virtual bool UsesTransforms => false;

    /// <summary>Learns the map; what was learnt before is forgotten.</summary>
    /// <param name="validation">Predictions with truth that the model was not trained on: probabilities or logits.</param>
    /// <param name="transformed">The predictions on each transformed copy of the same inputs in the same order, for calibrators that use them.</param>
    /// <returns>This calibrator.</returns>
    /// <exception cref="ArgumentException">The predictions are not valid, carry no truth or no scores, or the copies do not fit.</exception>
    public Calibrator Fit(Predictions validation, IReadOnlyList<Predictions>? transformed = null)
    {
        ArgumentNullException.ThrowIfNull(validation);
        transformed ??= [];
        Check(validation, transformed);
        validation.RequireTruth();
        if (transformed.Count > 0 && !UsesTransforms)
            throw new ArgumentException($"{Name} uses no predictions on transformed inputs, {transformed.Count} were given", nameof(transformed));
        Warnings = LooksLikeProbabilities(validation) ? [$"{validation.Model}: the logits of every row lie in [0, 1] and sum to 1; these are rather probabilities"] : [];
        var data = new CalibrationData(validation, transformed);
        FitCore(data);
        (ClassCount, ClassNames, FittedCount, TransformCount, fingerprint) = (data.Classes, validation.ClassNames, data.Count, transformed.Count, Fingerprint(validation));
        return this;
    }

    /// <summary>The calibrated probabilities of other predictions of the same model.</summary>
    /// <param name="predictions">Predictions, with truth or without: of the same classes in the same order.</param>
    /// <param name="transformed">The predictions on each transformed copy, as many as in the fit and in the same order.</param>
    /// <exception cref="InvalidOperationException">The calibrator was not fitted.</exception>
    /// <exception cref="ArgumentException">The predictions are not valid or do not fit what the calibrator was fitted on.</exception>
    public Predictions Apply(Predictions predictions, IReadOnlyList<Predictions>? transformed = null)
    {
        var data = Prepare(predictions, transformed);
        var (n, k) = (data.Count, data.Classes);
        var result = new float[(long)n * k];
        CalibrationData.ForBlocks(n, (first, end) =>
        {
            var row = new double[k];
            for (var i = first; i < end; i++)
            {
                ApplyRow(data, i, row);
                var target = result.AsSpan(i * k, k);
                for (var c = 0; c < k; c++)
                    target[c] = (float)row[c];
                // Rounding to single precision may make a tie that an earlier class would win.
                var top = data.Predicted[i];
                if (KeepsPredictions && Predictions.ArgMax(target) is var now && now != top)
                    target[top] = MathF.BitIncrement(target[now]);
            }
        });
        return predictions.With(kind: ScoreKind.Probabilities, scores: new FloatMatrix(result, n, k));
    }

    /// <summary>Whether these are, score for score, the predictions that the calibrator was fitted on: what it reaches there says nothing.</summary>
    public bool WasFittedOn(Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        return IsFitted && Fingerprint(predictions) == fingerprint;
    }

    /// <summary>Writes the fitted calibrator as JSON. The file appears complete or not at all.</summary>
    /// <exception cref="InvalidOperationException">The calibrator was not fitted.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        RequireFit();
        CalibratorFile.Write(path, new CalibratorFile
        {
            Method = Expression,
            ClassCount = ClassCount,
            ClassNames = ClassNames,
            FittedCount = FittedCount,
            TransformCount = TransformCount,
            Fingerprint = fingerprint,
            Parameters = State,
        });
    }

    /// <summary>Reads a calibrator that <see cref="Save"/> wrote.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no saved calibrator; the message says where and why.</exception>
    public static Calibrator Load(string path)
    {
        var file = CalibratorFile.Read(path);
        try
        {
            var calibrator = Create(file.Method);
            (calibrator.ClassCount, calibrator.ClassNames, calibrator.FittedCount) = (file.ClassCount, file.ClassNames, file.FittedCount);
            (calibrator.TransformCount, calibrator.fingerprint) = (file.TransformCount, file.Fingerprint);
            calibrator.Restore(new CalibratorParameters(path, file.Parameters));
            return calibrator;
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Creates the calibrator that an expression names, for example <c>isotonic-calibration(scope: topLabel)</c>.</summary>
    /// <exception cref="MethodFormatException">The method or a parameter is unknown, or it is no calibrator.</exception>
    public static Calibrator Create(string expression) => Catalog.Value.Create<Calibrator>(expression);

    private protected abstract ImmutableSortedDictionary<string, double[]> State { get; }

    private protected abstract void Restore(CalibratorParameters parameters);

    private protected abstract void FitCore(CalibrationData data);

    /// <summary>Writes the calibrated probabilities of one row.</summary>
    private protected abstract void ApplyRow(CalibrationData data, int row, Span<double> probabilities);

    private protected CalibrationData Prepare(Predictions predictions, IReadOnlyList<Predictions>? transformed)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        RequireFit();
        transformed ??= [];
        Check(predictions, transformed);
        if (transformed.Count != TransformCount)
            throw new ArgumentException($"{predictions.Model}: predictions on {transformed.Count} transformed copies, {Name} was fitted with {TransformCount}", nameof(transformed));
        if (predictions.ClassCount != ClassCount)
            throw new ArgumentException($"{predictions.Model}: {predictions.ClassCount} classes, {Name} was fitted on {ClassCount}", nameof(predictions));
        if (!predictions.ClassNames.IsEmpty && !ClassNames.IsEmpty && !predictions.ClassNames.SequenceEqual(ClassNames))
            throw new ArgumentException($"{predictions.Model}: the classes are {Names(predictions.ClassNames)}, {Name} was fitted on {Names(ClassNames)}", nameof(predictions));
        return new CalibrationData(predictions, transformed);
    }

    private protected void RequireFit()
    {
        if (!IsFitted)
            throw new InvalidOperationException($"{Name} was not fitted yet");
    }

    private static void Check(Predictions predictions, IReadOnlyList<Predictions> transformed)
    {
        foreach (var p in transformed.Prepend(predictions))
        {
            if (p.Kind is not (ScoreKind.Probabilities or ScoreKind.Logits))
                throw new ArgumentException($"{p.Model}: probabilities or logits of each class were expected, these are {(p.IsRegression ? "values" : "classes")} only");
            p.Validate();
            if (p.Count != predictions.Count || p.ClassCount != predictions.ClassCount)
                throw new ArgumentException($"{p.Model}: {p.Count} examples of {p.ClassCount} classes, a transformed copy of the {predictions.Count} examples of {predictions.ClassCount} classes of {predictions.Model} was expected", nameof(transformed));
        }
    }

    private static bool LooksLikeProbabilities(Predictions predictions) =>
        predictions.Kind == ScoreKind.Logits && predictions.With(kind: ScoreKind.Probabilities).ScoreFault(Predictions.DefaultTolerance) is null;

    private static string Fingerprint(Predictions predictions) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(predictions.Scores.Values)));

    private static string Names(ImmutableArray<string> names) => $"{string.Join(", ", names.Take(12))}{(names.Length > 12 ? ", …" : "")}";

    private static string Text(object value) => value switch
    {
        bool b => b ? "true" : "false",
        Enum e => char.ToLowerInvariant(e.ToString()[0]) + e.ToString()[1..],
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
