#!/bin/sh
cat > Temporary.java <<'END'
import java.io.*;

class Temporary {
    public static void main(String[] arguments) throws IOException {
        File file = File.createTempFile("proof", null);
        try (FileOutputStream out = new FileOutputStream(file)) {
            out.write("bytes".getBytes());
        }
        System.out.println("kept " + file.length() + " bytes");
        file.delete();
    }
}
END
source=$PWD/Temporary.java
cd /usr || exit 99
exec java "$source"
