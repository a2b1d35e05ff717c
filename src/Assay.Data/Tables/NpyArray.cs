using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Assay.Statistics;

namespace Assay.Data;

/// <summary>
/// A NumPy array in C order: numbers in single precision where that loses nothing, else in double precision, or texts. Immutable.
/// </summary>
public sealed class NpyArray
{
    internal NpyArray(string source, ImmutableArray<int> shape, float[]? floats, double[]? doubles, string[]? texts)
    {
        Source = source;
        Shape = shape;
        Floats = floats;
        Doubles = doubles;
        Texts = texts;
    }

    /// <summary>Where the array came from, for messages.</summary>
    public string Source { get; }

    /// <summary>The shape; empty for a scalar.</summary>
    public ImmutableArray<int> Shape { get; }

    /// <summary>Whether the elements are texts.</summary>
    public bool IsText => Texts is not null;

    /// <summary>The number of rows: the first size of the shape, 1 for a scalar.</summary>
    public int Rows => Shape.IsEmpty ? 1 : Shape[0];

    /// <summary>The number of elements in a row: the product of the other sizes.</summary>
    public int Columns => (int)Shape.Skip(1).Aggregate(1L, (product, size) => product * size);

    /// <summary>Whether the file stores unsigned bytes, as it does for images.</summary>
    public bool IsByte { get; internal init; }

    internal float[]? Floats { get; }

    internal double[]? Doubles { get; }

    internal string[]? Texts { get; }

    /// <summary>The numbers as a matrix of <see cref="Rows"/> × <see cref="Columns"/>; further dimensions are flattened.</summary>
    /// <exception cref="InvalidDataException">The elements are texts.</exception>
    public FloatMatrix ToMatrix() => new(ToFloats(), Rows, Columns);

    /// <summary>The numbers in C order, rounded to single precision.</summary>
    /// <exception cref="InvalidDataException">The elements are texts.</exception>
    public float[] ToFloats()
    {
        if (Floats is not null)
            return Floats;
        var doubles = Doubles ?? throw new InvalidDataException($"{Source}: holds texts, not numbers");
        var floats = GC.AllocateUninitializedArray<float>(doubles.Length);
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating<double, float>(doubles, floats);
        return floats;
    }

    /// <summary>The numbers in C order.</summary>
    /// <exception cref="InvalidDataException">The elements are texts.</exception>
    public double[] ToDoubles()
    {
        if (Doubles is not null)
            return Doubles;
        var floats = Floats ?? throw new InvalidDataException($"{Source}: holds texts, not numbers");
        return Array.ConvertAll(floats, f => (double)f);
    }

    /// <summary>The numbers in C order as integers, such as class labels.</summary>
    /// <exception cref="InvalidDataException">The elements are texts, or one is not an integer of 32 bits.</exception>
    public int[] ToIntegers()
    {
        var values = ToDoubles();
        var integers = new int[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            integers[i] = (int)values[i];
            if (integers[i] != values[i])
                throw new InvalidDataException($"{Source}: element {i} is {values[i]}, an integer was expected");
        }
        return integers;
    }

    /// <summary>The texts in C order.</summary>
    /// <exception cref="InvalidDataException">The elements are numbers.</exception>
    public ImmutableArray<string> ToTexts() =>
        ImmutableCollectionsMarshal.AsImmutableArray(Texts ?? throw new InvalidDataException($"{Source}: holds numbers, not texts"));

    /// <summary>One column of the rows × columns view.</summary>
    internal TableColumn Column(string name, int column)
    {
        var width = Columns;
        return Texts is not null ? new TextColumn(name, ImmutableCollectionsMarshal.AsImmutableArray(Pick(Texts)))
            : Doubles is not null ? new DoubleColumn(name, Pick(Doubles))
            : new FloatColumn(name, Pick(Floats!));

        T[] Pick<T>(T[] all)
        {
            if (width == 1)
                return all;
            var picked = new T[Rows];
            for (var i = 0; i < picked.Length; i++)
                picked[i] = all[i * width + column];
            return picked;
        }
    }
}
