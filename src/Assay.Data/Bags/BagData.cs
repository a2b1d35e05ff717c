using System.Collections.Immutable;
using System.Globalization;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>Rows whose responses are known only as averages of bags.</summary>
public sealed class BagData
{
    /// <summary>Creates it.</summary>
    /// <param name="features">One row for each example.</param>
    /// <param name="bags">The bag of each row, 0 … m − 1.</param>
    /// <param name="means">The averages, m × outputs, row after row.</param>
    /// <param name="outputs">How many averages a bag has: 1, or one share for each class.</param>
    /// <exception cref="ArgumentException">A bag has no rows, an average is not finite, or lengths differ.</exception>
    public BagData(FloatMatrix features, ImmutableArray<int> bags, ImmutableArray<double> means, int outputs = 1)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (bags.Length != features.Rows)
            throw new ArgumentException($"{bags.Length} bag numbers for {features.Rows} rows", nameof(bags));
        if (means.IsDefaultOrEmpty || means.Length % outputs != 0)
            throw new ArgumentException($"{(means.IsDefault ? 0 : means.Length)} averages do not make bags of {outputs}", nameof(means));
        var sizes = new int[means.Length / outputs];
        for (var i = 0; i < bags.Length; i++)
        {
            if ((uint)bags[i] >= (uint)sizes.Length)
                throw new ArgumentException($"row {i} is in bag {bags[i]}, there are bags 0 to {sizes.Length - 1}", nameof(bags));
            sizes[bags[i]]++;
        }
        if (Array.IndexOf(sizes, 0) is var empty and >= 0)
            throw new ArgumentException($"bag {empty} has no rows", nameof(bags));
        for (var i = 0; i < means.Length; i++)
        {
            if (!double.IsFinite(means[i]))
                throw new ArgumentException($"the average of bag {i / outputs} is {means[i]}", nameof(means));
        }
        (Features, Bags, Means, Sizes, Outputs) = (features, bags, means, [.. sizes], outputs);
    }

    /// <summary>The features.</summary>
    public FloatMatrix Features { get; }

    /// <summary>The bag of each row.</summary>
    public ImmutableArray<int> Bags { get; }

    /// <summary>The averages, m × outputs.</summary>
    public ImmutableArray<double> Means { get; }

    /// <summary>The number of rows of each bag.</summary>
    public ImmutableArray<int> Sizes { get; }

    /// <summary>1 for a real response, the number of classes for shares of classes.</summary>
    public int Outputs { get; }

    /// <summary>The number of bags.</summary>
    public int Count => Sizes.Length;

    /// <summary>Averages real responses over given bags.</summary>
    /// <param name="features">The features.</param>
    /// <param name="responses">One response a row.</param>
    /// <param name="bags">The bag of each row (<see cref="BagAssignment"/>).</param>
    public static BagData Of(FloatMatrix features, ReadOnlySpan<double> responses, int[] bags) => new(features, [.. bags], [.. Average(responses, 1, bags)]);

    /// <summary>Averages classes over given bags: the share of each class.</summary>
    /// <param name="features">The features.</param>
    /// <param name="labels">One class a row.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <param name="bags">The bag of each row.</param>
    public static BagData OfClasses(FloatMatrix features, ReadOnlySpan<int> labels, int classCount, int[] bags) =>
        new(features, [.. bags], [.. Average(OneHot(labels, classCount), classCount, bags)], classCount);

    /// <summary>The averages of rows of values over bags.</summary>
    internal static double[] Average(ReadOnlySpan<double> values, int width, int[] bags)
    {
        ArgumentNullException.ThrowIfNull(bags);
        if (values.Length != bags.Length * width || bags.Length == 0)
            throw new ArgumentException($"{values.Length / width} responses for {bags.Length} rows", nameof(values));
        if (Array.Exists(bags, b => b < 0))
            throw new ArgumentException("bag numbers of 0 or more were expected", nameof(bags));
        var sums = new double[(bags.Max() + 1) * width];
        var sizes = new int[sums.Length / width];
        for (var i = 0; i < bags.Length; i++)
        {
            sizes[bags[i]]++;
            for (var c = 0; c < width; c++)
                sums[bags[i] * width + c] += values[i * width + c];
        }
        for (var i = 0; i < sums.Length; i++)
            sums[i] /= sizes[i / width]; // a bag without rows is NaN and refused above
        return sums;
    }

    internal static double[] OneHot(ReadOnlySpan<int> labels, int classCount)
    {
        var values = new double[labels.Length * classCount];
        for (var i = 0; i < labels.Length; i++)
            values[i * classCount + ((uint)labels[i] < (uint)classCount ? labels[i] : throw new ArgumentException($"label {labels[i]} of row {i} is not below {classCount}", nameof(labels)))] = 1;
        return values;
    }

    /// <summary>Reads the two files of a release: rows with their features and a column <c>bag</c>, and bags with <c>bag, mean, size</c>.</summary>
    /// <param name="rowsPath">The rows: any table.</param>
    /// <param name="bagsPath">The bags: any table. <c>size</c> may be missing; where it is there it must agree.</param>
    /// <param name="drop">Columns of the rows that are no features.</param>
    /// <exception cref="InvalidDataException">A column is missing, a bag occurs twice, is missing, or has another size.</exception>
    public static BagData Read(string rowsPath, string bagsPath, params ReadOnlySpan<string> drop)
    {
        var options = new TableReadOptions { TextColumns = ["bag"] };
        var (rows, table) = (TableFile.Read(rowsPath, options), TableFile.Read(bagsPath, options));
        if (rows.RowCount == 0 || table.RowCount == 0)
            throw new InvalidDataException($"{(rows.RowCount == 0 ? rows : table).Source}: the table has no rows");
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = Texts(table);
        for (var a = 0; a < names.Length; a++)
        {
            if (!index.TryAdd(names[a], a))
                throw new InvalidDataException($"{table.Source}: row {a + 1}: bag '{names[a]}' occurs twice");
        }
        var bags = Texts(rows).Select((name, i) => index.TryGetValue(name, out var bag) ? bag : throw new InvalidDataException($"{rows.Source}: row {i + 1}: bag '{name}' is not in {table.Source}")).ToImmutableArray();
        var means = table.ToMatrix("mean").Values.ToArray();
        if (Array.FindIndex(means, m => !float.IsFinite(m)) is var bad and >= 0)
            throw new InvalidDataException($"{table.Source}: row {bad + 1}: the mean of bag '{names[bad]}' is {means[bad].ToString(CultureInfo.InvariantCulture)}");
        var skip = drop.ToArray();
        var columns = rows.Columns.Where(c => c is not TextColumn && c.Name != "bag" && !skip.Contains(c.Name)).Select(c => c.Name).ToArray();
        if (columns.Length == 0)
            throw new InvalidDataException($"{rows.Source}: there are no columns of numbers beside 'bag'");
        BagData data;
        try
        {
            data = new BagData(rows.ToMatrix(columns), bags, [.. DoubleMeans(table)]);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{table.Source}: {e.Message.Split(" (Parameter")[0]}", e);
        }
        if (table.Find("size") is not null)
        {
            var sizes = table.ToMatrix("size").Values;
            for (var a = 0; a < sizes.Length; a++)
            {
                if (sizes[a] != data.Sizes[a])
                    throw new InvalidDataException($"{table.Source}: row {a + 1}: bag '{names[a]}' has {data.Sizes[a]} rows in {rows.Source}, its size says {sizes[a].ToString(CultureInfo.InvariantCulture)}");
            }
        }
        return data;
    }

    private static double[] DoubleMeans(Table table) => table["mean"] is DoubleColumn exact ? exact.Values.ToArray() : Array.ConvertAll(table.ToMatrix("mean").Values.ToArray(), v => (double)v);

    private static ImmutableArray<string> Texts(Table table) => table["bag"] is TextColumn text ? text.Values : throw new InvalidDataException($"{table.Source}: column 'bag' was expected to hold names");
}
